/// A write that waits to be carried out.
struct WaitingWrite: Sendable {
    /// Carries it out; calling the result answers its caller.
    var perform: @Sendable (WriteContext) throws -> @Sendable () -> Void
    var fail: @Sendable (any Error) -> Void
    /// Runs by itself, outside a transaction.
    var isAlone = false
    /// Takes about as long as its sync to disk.
    var isShort = false
}

/// The writes that wait, in the order in which they came, and whether somebody is carrying them out.
struct WriteLine {
    private(set) var waiting: [WaitingWrite] = []
    private var isDraining = false
    private var isClosed = false
    /// Groups committed so far.
    var commits = 0

    /// The most writes per commit; bounds how long the first one waits for the last.
    private static let groupLimit = 512

    /// - Parameter closing: whether it is the last one.
    /// - Returns: whether the caller must see to it that what waits is carried out; `nil` if the line is closed.
    mutating func append(_ write: WaitingWrite, closing: Bool) -> Bool? {
        guard !isClosed else { return nil }
        isClosed = closing
        waiting.append(write)
        defer { isDraining = true }
        return !isDraining
    }

    /// One write that runs alone, or the grouped ones up to the next such; `nil` if none waits: the next one to come starts anew.
    mutating func nextGroup() -> [WaitingWrite]? {
        guard let first = waiting.first else {
            isDraining = false
            return nil
        }
        let count =
            first.isAlone ? 1 : waiting.prefix(Self.groupLimit).firstIndex { $0.isAlone } ?? min(waiting.count, Self.groupLimit)
        defer { waiting.removeFirst(count) }
        return Array(waiting[..<count])
    }

    /// Whether none waits; the next one to come then starts anew.
    mutating func endIfEmpty() -> Bool {
        if waiting.isEmpty { isDraining = false }
        return waiting.isEmpty
    }
}
