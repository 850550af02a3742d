/// The connections there are, in lines by who stands in them: at the bound it says which one has to go. All steps take the same time
/// however many there are.
struct ConnectionLines: Sendable {
    /// What is known of a connection.
    enum Standing: Int, Sendable, CaseIterable {
        /// No key came on it, and it was answered; what it still sends nobody wants.
        case strangerDone
        /// No key came on it yet, and no request is under way.
        case strangerIdle
        case strangerBusy
        /// A good key came on it.
        case callerIdle
        case callerBusy
        /// It was told to go, and has its last answer to take.
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
    /// Connections but those that leave.
    var staying: Int { count - count(.leaving) }
    /// Connections on which no key came yet.
    var strangers: Int { count(.strangerDone) + count(.strangerIdle) + count(.strangerBusy) }
    /// Connections on which a good key came.
    var callers: Int { count(.callerIdle) + count(.callerBusy) }

    /// A new connection: idle, and nobody's yet.
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

    /// A request begins, something of it came, or it has ended; the connection goes to the end of its line.
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

    /// It was answered, and what it still sends is discarded.
    mutating func finish(_ number: Int) {
        switch standing(number) {
        case .strangerDone, .strangerIdle, .strangerBusy: move(number, to: .strangerDone)
        case .callerIdle, .callerBusy: move(number, to: .callerIdle)
        case .leaving, nil: break
        }
    }

    /// It is told to go.
    mutating func dismiss(_ number: Int) {
        guard standing(number) != nil else { return }
        move(number, to: .leaving)
    }

    func isCaller(_ number: Int) -> Bool {
        let standing = standing(number)
        return standing == .callerIdle || standing == .callerBusy
    }

    /// The connection that has to go first of those who stand so: the one on which nothing came for longest, whoever is named first
    /// before the others.
    func next(of standings: [Standing]) -> (number: Int, standing: Standing)? {
        for standing in standings {
            if let first = first(standing) { return (first, standing) }
        }
        return nil
    }

    /// The connection that stands longest in a line.
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

    /// Out of its line, its place kept.
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
