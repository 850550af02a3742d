package import SyncModel

/// The most recent windows, so that the next page of one costs next to nothing.
package struct ResultsWindows: Sendable {
    /// Identifies a window; it changes when a batch ends.
    package struct Key: Hashable, Sendable {
        package var batchKey: Int64
        package var batchesDone: Int
        package var start: Int
        package var status: ResultStatusFilter?

        package init(batchKey: Int64, batchesDone: Int, start: Int, status: ResultStatusFilter?) {
            self.batchKey = batchKey
            self.batchesDone = batchesDone
            self.start = start
            self.status = status
        }
    }

    /// Each takes about 10 MB for a full run.
    private static let limit = 3
    private var recent: [(key: Key, window: ResultsWindow)] = []

    package init() {}

    package mutating func find(_ key: Key) -> ResultsWindow? {
        guard let at = recent.firstIndex(where: { $0.key == key }) else { return nil }
        let found = recent.remove(at: at)
        recent.append(found)
        return found.window
    }

    package mutating func keep(_ window: ResultsWindow, _ key: Key) {
        recent.removeAll { $0.key.batchKey == key.batchKey && $0.key.status == key.status && $0.key.start == key.start }
        recent.append((key, window))
        if recent.count > Self.limit { recent.removeFirst() }
    }

    package mutating func forget(batchKey: Int64) { recent.removeAll { $0.key.batchKey == batchKey } }
}
