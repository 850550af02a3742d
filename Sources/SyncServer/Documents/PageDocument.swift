package import JobQueue
package import SyncAPI
package import SyncModel

/// One page of a list: `{"success":true,"jobs"|"results"|"deliveries":[…],"nextCursor":…|null}`.
package struct PageDocument<Element: JSONDocument>: JSONDocument {
    package let name: StaticString
    package let elements: [Element]
    package let nextCursor: String?

    /// - Parameter name: `jobs`, `results` or `deliveries`.
    package init<Item>(_ name: StaticString, _ page: Page<Item>, element: (Item) -> Element) {
        self.name = name
        elements = page.items.map(element)
        nextCursor = page.nextCursor
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("success", true)
        json.member(name) { json in
            json.array { json in for element in elements { element.write(to: &json) } }
        }
        json.member("nextCursor", nextCursor)
    }
}
