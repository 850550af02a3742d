package import JobQueue
package import SyncAPI

extension PageDocument {
    package init<Item>(_ page: Page<Item>, element: (Item) -> Element) {
        self.init(items: page.items.map(element), nextCursor: page.nextCursor)
    }
}
