/// How many elements a page of a list may hold.
package struct PageLimit: Sendable {
    package let range: ClosedRange<Int>
    /// Without the query parameter `limit`.
    package let standard: Int

    /// Jobs and deliveries.
    package static let list = PageLimit(range: 1...200, standard: 50)
    /// Results of users.
    package static let results = PageLimit(range: 1...1000, standard: 100)
}
