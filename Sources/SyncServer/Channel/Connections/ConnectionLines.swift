/// All connections, in one queue per standing: decides which one has to go when there are too many. Every step takes constant
/// time, however many there are.
struct ConnectionLines: Sendable {
    /// What is known about a connection.
    enum Standing: Int, Sendable, CaseIterable {
        /// No key has come on it, and it has been answered; whatever it still sends is unwanted.
        case strangerDone
        /// No key has come on it yet, and no request is under way.
        case strangerIdle
        case strangerBusy
        /// A good key came on it.
        case callerIdle
        case callerBusy
        /// It was asked to go, and has yet to take its last answer.
        case leaving
    }

    private struct Place: Sendable {
        var standing: Standing
        var before: Int?
        var behind: Int?
    }

    private struct Line: Sendable {
        var first: Int?
        var last: Int?
        var count = 0
    }

    private var places: [Place?] = []
    private var free: [Int] = []
    private var lines = [Line](repeating: Line(), count: Standing.allCases.count)
    private(set) var count = 0

    func count(_ standing: Standing) -> Int { lines[standing.rawValue].count }
    /// Connections except those that are leaving.
    var staying: Int { count - count(.leaving) }
    /// Connections that have carried no key yet.
    var strangers: Int { count(.strangerDone) + count(.strangerIdle) + count(.strangerBusy) }
    /// Connections that have carried a good key.
    var callers: Int { count(.callerIdle) + count(.callerBusy) }

    /// A new connection: idle, with no key yet.
    mutating func add() -> Int {
        let number = free.popLast() ?? places.count
        if number == places.count { places.append(nil) }
        append(number, .strangerIdle)
        count += 1
        return number
    }

    mutating func remove(_ number: Int) {
        guard places.indices.contains(number), places[number] != nil else { return }
        take(number)
        places[number] = nil
        free.append(number)
        count -= 1
    }

    /// A request begins, part of one has arrived, or it has ended; the connection moves to the end of its queue.
    mutating func set(_ number: Int, isBusy: Bool) {
        switch standing(number) {
        case .strangerDone, .strangerIdle, .strangerBusy: move(number, to: isBusy ? .strangerBusy : .strangerIdle)
        case .callerIdle, .callerBusy: move(number, to: isBusy ? .callerBusy : .callerIdle)
        case .leaving, nil: break
        }
    }

    /// A good key came.
    mutating func vouch(_ number: Int) {
        switch standing(number) {
        case .strangerDone, .strangerIdle: move(number, to: .callerIdle)
        case .strangerBusy: move(number, to: .callerBusy)
        case .callerIdle, .callerBusy, .leaving, nil: break
        }
    }

    /// It has been answered, and whatever it still sends is discarded.
    mutating func finish(_ number: Int) {
        switch standing(number) {
        case .strangerDone, .strangerIdle, .strangerBusy: move(number, to: .strangerDone)
        case .callerIdle, .callerBusy: move(number, to: .callerIdle)
        case .leaving, nil: break
        }
    }

    /// It has been asked to go.
    mutating func dismiss(_ number: Int) {
        guard standing(number) != nil else { return }
        move(number, to: .leaving)
    }

    func isCaller(_ number: Int) -> Bool {
        let standing = standing(number)
        return standing == .callerIdle || standing == .callerBusy
    }

    /// The connection that must go first: of the first standing in `standings` that any connection has, the one silent longest.
    func next(of standings: [Standing]) -> (number: Int, standing: Standing)? {
        for standing in standings {
            if let first = first(standing) { return (first, standing) }
        }
        return nil
    }

    /// The connection that has been in a queue longest.
    func first(_ standing: Standing) -> Int? { lines[standing.rawValue].first }

    private func standing(_ number: Int) -> Standing? { places.indices.contains(number) ? places[number]?.standing : nil }

    private mutating func move(_ number: Int, to standing: Standing) {
        take(number)
        append(number, standing)
    }

    private mutating func append(_ number: Int, _ standing: Standing) {
        let last = lines[standing.rawValue].last
        places[number] = Place(standing: standing, before: last, behind: nil)
        if let last { places[last]?.behind = number } else { lines[standing.rawValue].first = number }
        lines[standing.rawValue].last = number
        lines[standing.rawValue].count += 1
    }

    /// Leaves its queue; its place is kept.
    private mutating func take(_ number: Int) {
        guard let place = places[number] else { return }
        if let before = place.before {
            places[before]?.behind = place.behind
        } else {
            lines[place.standing.rawValue].first = place.behind
        }
        if let behind = place.behind {
            places[behind]?.before = place.before
        } else {
            lines[place.standing.rawValue].last = place.before
        }
        lines[place.standing.rawValue].count -= 1
    }
}
