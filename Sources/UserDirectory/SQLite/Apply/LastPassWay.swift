import SyncModel

/// The way from a user of the last pass to the one it comes after, from that one to the next, and on.
final class LastPassWay {
    /// One on the way, and how it comes after the next.
    struct Step {
        var index: UInt32
        var isSharer = false
    }

    private(set) var steps: [Step]
    private var places: [UInt32: Int]
    /// How many steps were there before this transaction: who comes after whom on them was so then.
    private var older = 0

    init(from index: UInt32) {
        steps = [Step(index: index)]
        places = [index: 0]
    }

    /// Whose turn it is.
    var first: UInt32 { steps[0].index }
    var last: UInt32 { steps[steps.count - 1].index }
    /// Whether it leads to anybody else.
    var isLong: Bool { steps.count > 1 }

    func append(_ next: UInt32, isSharer: Bool) {
        steps[steps.count - 1].isSharer = isSharer
        places[next] = steps.count
        steps.append(Step(index: next))
    }

    func removeLast() {
        places[steps.removeLast().index] = nil
        older = min(older, steps.count)
    }

    /// Those between whom the way leads round, if the last comes after `next`; `nil`: it does not.
    func circle(to next: UInt32, isSharer: Bool) -> [Step]? {
        guard let first = places[next] else { return nil }
        steps[steps.count - 1].isSharer = isSharer
        return Array(steps[first...])
    }

    /// - Parameter circle: the last of the way. Where that is all of it, it begins again.
    func remove(_ circle: [Step]) {
        let own = first
        for _ in circle { removeLast() }
        if steps.isEmpty { (steps, places) = ([Step(index: own)], [own: 0]) }
    }

    /// Whether it was gone in this transaction alone, whoever leads to it.
    func isFresh(_ circle: [Step]) -> Bool { older <= steps.count - circle.count + 1 }

    /// Goes back to where a circle begins.
    func cutBack(to circle: [Step]) {
        for _ in circle.dropFirst() { removeLast() }
    }

    fileprivate func resume() { older = steps.count }
}

/// Ways that go on in the next transaction. What is lost of them is gone again.
final class LastPassWays {
    private var ways: [JobID: LastPassWay] = [:]

    /// Of so many jobs, and so many steps in all, ways are kept; others are gone in one transaction.
    private static let jobs = 16
    private static let steps = 2_000_000

    /// The job's way as far as it was gone, where it is this user's, else a new one.
    func way(of job: JobID, from index: UInt32) -> LastPassWay {
        guard let way = ways[job] else { return LastPassWay(from: index) }
        guard way.first == index else {
            forget(job)
            return LastPassWay(from: index)
        }
        way.resume()
        return way
    }

    /// False where there is no room.
    func keep(_ way: LastPassWay, of job: JobID) -> Bool {
        guard ways[job] != nil || ways.count < Self.jobs, ways.values.reduce(0, { $0 + $1.steps.count }) < Self.steps else {
            return false
        }
        ways[job] = way
        return true
    }

    func forget(_ job: JobID) { ways[job] = nil }
    func forgetAll() { ways = [:] }
}

/// Steps beyond their own batch that the last passes in one transaction may take before it is committed.
final class LastPassAllowance {
    private let most: Int
    private let closeEarly: () -> Bool
    private var taken = 0

    init(_ most: Int, closeEarly: @escaping () -> Bool) {
        self.most = max(1, most)
        self.closeEarly = closeEarly
    }

    /// No further batch is to be begun.
    var isSpent: Bool { taken >= most }

    /// Takes a step. True where the transaction should end, at once or because somebody else waits.
    func isUsedUp() -> Bool {
        taken += 1
        return taken >= most || taken.isMultiple(of: 100) && closeEarly()
    }
}
