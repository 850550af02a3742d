import SyncModel

/// Which destinations matter next: kept with each change of one, so that nothing is looked for among all of them, of which thousands
/// may be down or full.
struct DestinationIndex {
    /// Nothing more of them is wanted for now.
    private(set) var closed: Set<String> = []
    /// Something is held ready for them.
    private(set) var holding: Set<String> = []
    private(set) var troubled: Set<String> = []
    /// Deliveries held ready for those in trouble.
    private(set) var readyInTrouble = 0
    /// The outbox is to be asked for them.
    private(set) var toBeAsked: Set<String> = []
    /// Closed, and not left out of a query yet.
    private(set) var newlyClosed: Set<String> = []
    /// Open, though the outbox may have more of them than it was asked for.
    private(set) var openWithMore: Set<String> = []

    private var readyOfTroubled: [String: Int] = [:]
    private var turns = LeastFirst<Int>()
    private var turnsInTrouble = LeastFirst<Int>()
    private var changes = LeastFirst<Timestamp>()
    private var openings = LeastFirst<Timestamp>()
    private var idle = LeastFirst<Int>()
    private var lastIdle = 0

    /// Notes how a destination is now.
    mutating func note(_ name: String, _ destination: Destination, at now: Timestamp) {
        let isClosed = destination.isClosed(at: now)
        let isTroubled = destination.health.isTroubled
        Self.set(&closed, name, isClosed)
        Self.set(&holding, name, !destination.ready.isEmpty)
        Self.set(&troubled, name, isTroubled)
        Self.set(&toBeAsked, name, destination.isToBeAsked(at: now))
        Self.set(&newlyClosed, name, isClosed && !destination.mayHaveMore)
        Self.set(&openWithMore, name, !isClosed && destination.mayHaveMore)
        let ready = isTroubled ? destination.ready.count : 0
        readyInTrouble += ready - (readyOfTroubled[name] ?? 0)
        readyOfTroubled[name] = ready == 0 ? nil : ready
        let turn = destination.isStartable(at: now) ? destination.turn : nil
        turns[name] = isTroubled ? nil : turn
        turnsInTrouble[name] = isTroubled ? turn : nil
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
    /// - Parameter troubled: whether one in trouble may have it.
    mutating func nextTurn(troubled: Bool) -> String? {
        let calm = turns.first()
        guard troubled, let other = turnsInTrouble.first() else { return calm?.name }
        guard let calm, calm.key < other.key else { return other.name }
        return calm.name
    }

    /// Notes one again whose turn it is, and that is not startable at this earlier time.
    mutating func passOver(_ name: String, _ destination: Destination?, at now: Timestamp) {
        (turns[name], turnsInTrouble[name]) = (nil, nil)
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
        return name
    }
}
