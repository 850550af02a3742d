package import SyncModel

/// The chain from a user of the last pass to the one it comes after, from there to the next, and so on.
final class LastPassWay {
    /// Why a user comes after another one.
    enum Cause {
        /// They share an id or an email, and the other one is before it in the request.
        case sharing
        /// Its Kinde id finds the row with the other one's platform id.
        case row
        /// The other one's row has its address.
        case address
    }

    /// A user in the chain, and why it comes after the next one.
    struct Step {
        var index: UInt32
        var cause = Cause.address
        /// What `changes` was when it was found to come after the next one.
        fileprivate var asked = 0
    }

    private(set) var steps: [Step]
    private var places: [UInt32: Int]
    /// How often something changed that may change whom users come after: a user was settled, or a transaction began.
    private var changes = 0

    init(from index: UInt32) {
        steps = [Step(index: index)]
        places = [index: 0]
    }

    /// The user whose turn it is.
    var first: UInt32 { steps[0].index }
    var last: UInt32 { steps[steps.count - 1].index }
    /// Whether it leads to any other user.
    var isLong: Bool { steps.count > 1 }

    func append(_ next: UInt32, _ cause: Cause) {
        note(cause)
        places[next] = steps.count
        steps.append(Step(index: next))
    }

    private func note(_ cause: Cause) {
        steps[steps.count - 1].cause = cause
        steps[steps.count - 1].asked = changes
    }

    /// The last one is settled.
    func removeLast() {
        drop()
        changes += 1
    }

    private func drop() { places[steps.removeLast().index] = nil }

    /// The users of the circle that closes if the last one comes after `next`; `nil` if none closes.
    func circle(to next: UInt32, _ cause: Cause) -> [Step]? {
        guard let first = places[next] else { return nil }
        note(cause)
        return Array(steps[first...])
    }

    /// Some or all of a circle's users are settled.
    /// - Parameter circle: the end of the chain. If that is all of it, it starts over.
    func remove(_ circle: [Step]) {
        let own = first
        for _ in circle { removeLast() }
        if steps.isEmpty { (steps, places) = ([Step(index: own)], [own: 0]) }
    }

    /// Whether nothing has changed since the first of the circle's users was asked.
    func isFresh(_ circle: [Step]) -> Bool { circle.allSatisfy { $0.asked == changes } }

    /// Goes back to the beginning of a circle.
    func cutBack(to circle: [Step]) {
        for _ in circle.dropFirst() { drop() }
    }

    fileprivate func resume() { changes += 1 }
}

/// Chains that continue in the next transaction. A lost chain is followed again.
package final class LastPassWays {
    private var ways: [JobID: LastPassWay] = [:]

    /// Chains are kept for this many jobs, with this many steps in total; others are finished in one transaction.
    private static let jobs = 16
    private static let steps = 2_000_000

    package init() {}

    /// The job's chain as far as it was followed, if it is this user's; else a new one.
    func way(of job: JobID, from index: UInt32) -> LastPassWay {
        guard let way = ways[job] else { return LastPassWay(from: index) }
        guard way.first == index else {
            forget(job)
            return LastPassWay(from: index)
        }
        way.resume()
        return way
    }

    /// False if there is no room.
    func keep(_ way: LastPassWay, of job: JobID) -> Bool {
        guard ways[job] != nil || ways.count < Self.jobs, ways.values.reduce(0, { $0 + $1.steps.count }) < Self.steps else {
            return false
        }
        ways[job] = way
        return true
    }

    package func forget(_ job: JobID) { ways[job] = nil }
    package func forgetAll() { ways = [:] }
}

/// Steps beyond their own batch that the last passes in one transaction may take before it is committed.
final class LastPassAllowance {
    /// Steps after which it looks whether another call waits.
    private static let stepsPerLook = 100

    private let most: Int
    private let closeEarly: () -> Bool
    private var taken = 0

    init(_ most: Int, closeEarly: @escaping () -> Bool) {
        self.most = max(1, most)
        self.closeEarly = closeEarly
    }

    /// No further batch should be started.
    var isSpent: Bool { taken >= most }

    /// Takes a step. True if the transaction should end, because of its length or because another call waits.
    func isUsedUp() -> Bool {
        taken += 1
        return taken >= most || taken.isMultiple(of: Self.stepsPerLook) && closeEarly()
    }
}
