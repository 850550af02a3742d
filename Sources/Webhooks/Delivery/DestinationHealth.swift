import JobQueue
import SyncModel

/// What the answers of a destination say about it: how many attempts it may have at a time, and when the next one.
///
/// A value, told the time. Each process has its own: the limits hold per process, and each learns for itself that a destination is in
/// trouble. Only the pace and a hold are kept beyond it (`DestinationMemory`).
struct DestinationHealth: Sendable, Hashable {
    /// Attempts at a time.
    private(set) var limit: Int
    /// The last answer was that of a destination in trouble, or there was none.
    private(set) var isTroubled = false
    /// Failures in a row.
    private(set) var failures = 0
    private(set) var pace = DestinationPace()
    private var probesAt: Timestamp?

    /// As many failures in a row, and it is down: it has one attempt from time to time, and all other deliveries wait.
    static let failuresOfOneDown = 5
    /// Seconds from the failure that makes it down to the first attempt after it; each further one waits twice as long.
    private static let firstProbe: Double = 5
    private static let longestProbe: Double = 300

    /// Of a destination of which nothing is known.
    init(_ limits: CourierLimits) { limit = min(limits.perNewDestination, limits.perDestination) }

    /// Of a destination of which an earlier process knew something.
    init(_ limits: CourierLimits, known: DestinationRecord, at now: Timestamp) {
        self.init(limits)
        pace = DestinationPace(rate: known.rate, waitsUntil: known.heldUntil, at: now)
        if pace.quietUntil.map({ $0 > now }) ?? false { limit = 1 }
    }

    var isDown: Bool { failures >= Self.failuresOfOneDown }

    /// The earliest time for the next attempt; `nil`: at any time.
    var opensAt: Timestamp? {
        guard isDown, let probesAt else { return pace.opensAt }
        return max(probesAt, pace.quietUntil ?? probesAt)
    }

    /// Whether nothing at all is sent to it now, so that what waits for it need not be leased.
    func isQuiet(at now: Timestamp) -> Bool {
        let until = isDown ? opensAt : pace.quietUntil
        return until.map { $0 > now } ?? false
    }

    /// As many deliveries as are worth holding ready for it.
    func capacity(of page: Int) -> Int {
        if isDown { return 1 }
        if isTroubled { return 2 }
        return pace.rate.map { min(max(Int($0 * Self.readySeconds), 1), page) } ?? page
    }

    private static let readySeconds: Double = 5

    /// An attempt begins.
    mutating func started(at now: Timestamp) { pace.started(at: now) }

    /// An answer says how much more it takes.
    /// - Parameter underWay: attempts whose answer is to come.
    mutating func told(_ quota: ReceiverQuota, underWay: Int, at now: Timestamp) {
        pace.told(quota, underWay: underWay, at: now)
        // What follows the reset begins with one at a time, as what follows a wait does.
        if pace.quietUntil.map({ $0 > now }) ?? false { limit = 1 }
    }

    /// An attempt has its answer.
    /// - Parameter toTrial: whether it was begun although this destination takes none for now.
    mutating func answered(
        _ answer: DestinationAnswer, toTrial: Bool = false, at now: Timestamp, _ limits: CourierLimits
    ) {
        switch answer {
        case .taken:
            if toTrial { pace.letGo(at: now) }
            pace.took(at: now)
            (isTroubled, failures) = (false, 0)
            limit = min(limit + 1, limits.perDestination)
        case .refused:
            (isTroubled, failures) = (false, 0)
        case .failed:
            isTroubled = true
            limit = 1
            // Of attempts that were under way when it went down: no probe, and nothing new.
            if isDown, let probesAt, probesAt > now { break }
            failures = failures.saturatingAdd(1)
            guard isDown else { break }
            let doublings = min(failures - Self.failuresOfOneDown, 16)
            probesAt = now.advanced(bySeconds: min(Self.firstProbe * Double(1 << doublings), Self.longestProbe))
        case .wait(let seconds):
            if toTrial { pace.askedAgain(seconds: seconds, at: now) } else { pace.asked(seconds: seconds, at: now) }
            // What follows the wait begins with one at a time again.
            limit = 1
        }
    }
}
