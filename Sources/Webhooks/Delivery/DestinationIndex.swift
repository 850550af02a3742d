import SyncModel

/// A number for each standing of a destination.
struct Counts {
    private(set) var good = 0
    private(set) var unmet = 0
    private(set) var troubled = 0

    subscript(standing: Destination.Standing) -> Int {
        get {
            switch standing {
            case .good: good
            case .unmet: unmet
            case .troubled: troubled
            }
        }
        set {
            switch standing {
            case .good: good = newValue
            case .unmet: unmet = newValue
            case .troubled: troubled = newValue
            }
        }
    }
}

/// Which destinations matter next: kept with each change of one, so that nothing is looked for among all of them, of which thousands
/// may be down or full.
struct DestinationIndex {
    /// Nothing more of them is wanted for now.
    private(set) var closed: Set<String> = []
    /// Something is held ready for them.
    private(set) var holding: Set<String> = []
    private(set) var troubled: Set<String> = []
    private(set) var met: Set<String> = []
    /// Deliveries held ready, by the standing of their destinations.
    private(set) var ready = Counts()
    /// The outbox is to be asked for them.
    private(set) var toBeAsked: Set<String> = []
    /// Closed, and not left out of a query yet.
    private(set) var newlyClosed: Set<String> = []
    /// Open, though the outbox may have more of them than it was asked for.
    private(set) var openWithMore: Set<String> = []

    /// What a destination is counted with in `ready`.
    private var counted: [String: (standing: Destination.Standing, count: Int)] = [:]
    private var turns = LeastFirst<Int>()
    private var turnsUnmet = LeastFirst<Int>()
    private var turnsInTrouble = LeastFirst<Int>()
    private var changes = LeastFirst<Timestamp>()
    private var openings = LeastFirst<Timestamp>()
    private var idle = LeastFirst<Int>()
    private var lastIdle = 0

    /// Notes how a destination is now.
    mutating func note(_ name: String, _ destination: Destination, at now: Timestamp) {
        let isClosed = destination.isClosed(at: now)
        let standing = destination.standing
        Self.set(&closed, name, isClosed)
        Self.set(&holding, name, !destination.ready.isEmpty)
        Self.set(&troubled, name, standing == .troubled)
        Self.set(&met, name, destination.isMet)
        Self.set(&toBeAsked, name, destination.isToBeAsked(at: now))
        Self.set(&newlyClosed, name, isClosed && !destination.mayHaveMore)
        Self.set(&openWithMore, name, !isClosed && destination.mayHaveMore)
        if let before = counted[name] { ready[before.standing] -= before.count }
        ready[standing] += destination.ready.count
        counted[name] = destination.ready.isEmpty ? nil : (standing, destination.ready.count)
        let turn = destination.isStartable(at: now) ? destination.turn : nil
        turns[name] = standing == .good ? turn : nil
        turnsUnmet[name] = standing == .unmet ? turn : nil
        turnsInTrouble[name] = standing == .troubled ? turn : nil
        changes[name] = destination.changes(after: now)
        openings[name] = destination.opens(after: now)
        let isIdle = destination.isIdle(at: now)
        if isIdle, idle[name] == nil { lastIdle += 1 }
        idle[name] = isIdle ? idle[name] ?? lastIdle : nil
    }

    private static func set(_ names: inout Set<String>, _ name: String, _ isMember: Bool) {
        if isMember { names.insert(name) } else { names.remove(name) }
    }

    /// One that time has changed, to be noted anew.
    mutating func takeChanged(by now: Timestamp) -> String? {
        guard let (name, at) = changes.first(), at <= now else { return nil }
        changes[name] = nil
        return name
    }

    /// The one whose turn it is.
    /// - Parameters:
    ///   - unmet: whether one that was not met yet may have it; likewise `troubled`.
    mutating func nextTurn(unmet: Bool, troubled: Bool) -> String? {
        [turns.first(), unmet ? turnsUnmet.first() : nil, troubled ? turnsInTrouble.first() : nil]
            .compactMap(\.self).min { $0.key < $1.key }?.name
    }

    /// Notes one again whose turn it is, and that is not startable at this earlier time.
    mutating func passOver(_ name: String, _ destination: Destination?, at now: Timestamp) {
        (turns[name], turnsUnmet[name], turnsInTrouble[name]) = (nil, nil, nil)
        if let destination { note(name, destination, at: now) }
    }

    /// The earliest time after `now` at which one may have an attempt.
    mutating func nextOpening(after now: Timestamp) -> Timestamp? {
        while let (name, at) = openings.first() {
            guard at <= now else { return at }
            openings[name] = nil
        }
        return nil
    }

    /// The one that has been idle longest; it is forgotten.
    mutating func takeIdle() -> String? {
        guard let name = idle.first()?.name else { return nil }
        (idle[name], changes[name]) = (nil, nil)
        troubled.remove(name)
        met.remove(name)
        return name
    }
}
