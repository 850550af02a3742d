import Synchronization

/// Limits how many large uploads arrive at once: each holds some 4 MiB beyond what `RunBudget` grants.
package final class UploadSeats: Sendable {
    /// A body of more bytes takes a seat; a smaller one holds little memory.
    static let largeBytes = 512 << 10

    package let limit: Int
    private let taken = Atomic<Int>(0)

    package init(_ limit: Int = 64) { self.limit = limit }

    /// - Throws: 503 if all are taken.
    func take() throws(APIError) {
        guard taken.add(1, ordering: .relaxed).newValue <= limit else {
            give()
            throw .unavailable("\(limit) large uploads arrive already, the limit", retryAfter: 2)
        }
    }

    func give() { taken.subtract(1, ordering: .relaxed) }
}
