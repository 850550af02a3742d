/// Who may hold a connection of a pool: so many at once, the others in the order in which they came. It is told what happens and says
/// whom to wake; `PostgresPool` does.
struct PoolLine {
    enum Turn: Sendable, Equatable {
        /// May hold a connection, and must say when it no longer does.
        case granted
        case closed
        /// Gave up waiting.
        case left
    }

    typealias Waker = CheckedContinuation<Turn, Never>

    private(set) var free: Int
    private(set) var isClosed = false
    /// In order; without a waker as long as whoever waits is on the way to its wait.
    private var waiting: [(place: Int, waker: Waker?)] = []
    /// Whose turn came before they waited.
    private var granted: Set<Int> = []
    private var last = 0

    init(places: Int) { free = places }

    var waiters: Int { waiting.count }

    enum Entry: Equatable {
        case turn(Turn)
        case place(Int)
    }

    mutating func enter() -> Entry {
        if isClosed { return .turn(.closed) }
        if free > 0 {
            free -= 1
            return .turn(.granted)
        }
        last += 1
        waiting.append((last, nil))
        return .place(last)
    }

    /// - Returns: what became of the place meanwhile; `nil`: its waker will be called.
    mutating func wait(_ place: Int, _ waker: Waker) -> Turn? {
        if granted.remove(place) != nil { return .granted }
        guard let index = waiting.firstIndex(where: { $0.place == place }) else { return isClosed ? .closed : .left }
        waiting[index].waker = waker
        return nil
    }

    /// Gives up a place, unless its turn has come.
    mutating func leave(_ place: Int) -> Waker? {
        guard let index = waiting.firstIndex(where: { $0.place == place }) else { return nil }
        return waiting.remove(at: index).waker
    }

    /// Somebody no longer holds a connection.
    /// - Returns: whom to wake with `granted`.
    mutating func release() -> Waker? {
        guard !waiting.isEmpty else {
            free += 1
            return nil
        }
        let next = waiting.removeFirst()
        if next.waker == nil { granted.insert(next.place) }
        return next.waker
    }

    /// Nobody enters any more.
    /// - Returns: whom to wake with `closed`.
    mutating func close() -> [Waker] {
        isClosed = true
        defer { waiting = [] }
        return waiting.compactMap(\.waker)
    }
}
