import Foundation
import SyncModel

/// How fast a destination takes deliveries, learnt from when it asks us to wait. A value, told the time.
///
/// Nothing is known until it asks for the first time. What it took at once by then says little of what it takes in the long run: a
/// receiver that counts by the second has shown all, one whose allowance refills evenly may take a multiple. So the rate begins at what
/// it took within a second and, unless it is refused at once, soon grows fast, until it asks again. Now what it took evenly says what it
/// takes (`paced`). That is kept for a multiple of the wait, so that finding the limit again costs little of what could have been sent;
/// afterwards the rate grows by 1 % a second, until it asks again.
struct DestinationPace: Sendable, Hashable {
    /// Deliveries a second; `nil`: no limit is known.
    private(set) var rate: Double?
    /// Nothing is sent before.
    private(set) var waitsUntil: Timestamp?
    private var taken = TakenHistory()
    /// What it took at the first refusal, and in how many seconds: its allowance for a burst, and what came in meanwhile.
    private var burst: Burst?
    /// The rate is little more than a guess.
    private var isSearching = false
    /// Waits in a row after which it took nothing.
    private var fruitless = 0
    private var growsFrom: Timestamp?
    /// When the rate began to grow.
    private var grewFrom: Timestamp?
    private var next: Timestamp?
    /// What it says that it still takes.
    private var quota: Quota?

    private struct Quota: Hashable {
        var remaining: Int
        var until: Timestamp
    }

    private struct Burst: Hashable {
        var count: Int
        var seconds: Double
    }

    /// Of what it took, as much is sent from then on.
    private static let share = 0.97
    /// At a refusal, no less of the rate is kept than this: what looks like less may be the end of a window.
    private static let keptAtOnce = 0.85
    private static let keptAtLength = 0.95
    /// Fewer in a second say little; the time since the last wait is counted then. Fewer in all of that say nothing.
    private static let enough = 5
    /// Seconds of sending evenly after which a refusal says that the rate is too high, and not that it has just become so.
    private static let settled: Double = 2
    /// The rate is kept for so many times the wait.
    private static let patience: Double = 40
    /// Per second.
    private static let growth = 0.01
    private static let searchGrowth = 0.5
    /// Ends of a window that differ by less are the same one: they are told in whole seconds.
    private static let sameWindow: Double = 1.5
    /// Seconds that alarms are late by.
    private static let slack = 0.01
    /// Answers that may overtake each other: attempts under way at a time (`CourierLimits.perDestination`).
    private static let overtaking = 16
    /// Seconds for which a rate is kept at least, once deliveries are sent again.
    private static let rest: Double = 60
    /// A rate beyond it is no limit.
    private static let unlimited: Double = 1000
    /// No rate is below it: what was taken lately may say more about what there was to send than about the destination, and asking
    /// once more costs no attempt.
    private static let least = 0.2
    /// Seconds to wait if it does not say, and the longest that this becomes if it takes nothing in between.
    private static let standardWait: Double = 1
    private static let longestWait: Double = 300

    init() {}

    /// What was known before. A rate that is none is not, and no hold lasts for more than a day.
    init(rate: Double?, waitsUntil: Timestamp?, at now: Timestamp) {
        self.rate = rate.flatMap { $0 > 0 && $0 < Self.unlimited ? max($0, Self.least) : nil }
        self.waitsUntil = waitsUntil.flatMap { $0 > now ? min($0, now.advanced(bySeconds: RetryAfter.cap)) : nil }
        growsFrom = (self.waitsUntil ?? now).advanced(bySeconds: Self.rest)
    }

    /// The earliest time for the next attempt; `nil`: at any time.
    var opensAt: Timestamp? { [next, quietUntil].compactMap(\.self).max() }

    /// Until when nothing at all is sent: it asked to wait, or has said that it takes no more until then.
    var quietUntil: Timestamp? { [waitsUntil, usedUpUntil].compactMap(\.self).max() }

    /// Until when it takes no more, as it has said; `nil` if it has not.
    var usedUpUntil: Timestamp? { quota.flatMap { $0.remaining <= 0 ? $0.until : nil } }

    /// An attempt begins.
    mutating func started(at now: Timestamp) {
        quota = quota.flatMap { $0.until > now ? Quota(remaining: $0.remaining - 1, until: $0.until) : nil }
        guard let rate else { return }
        // One that was a little late does not make the next one late.
        next = max(next ?? now, now.advanced(bySeconds: -Self.slack)).advanced(bySeconds: 1 / rate)
    }

    /// It has said how much it still takes. Answers may overtake each other: of those of one window the least counts, unless one names
    /// more than that explains. So it is with a window that slides or an allowance that refills; if not, one request more is refused.
    /// - Parameter underWay: attempts whose answer is to come; they may not be counted yet.
    mutating func told(_ told: ReceiverQuota, underWay: Int, at now: Timestamp) {
        var new = Quota(remaining: max(told.remaining - underWay, 0), until: now.advanced(bySeconds: told.seconds))
        if let quota, quota.until > now, new.until.seconds(since: quota.until) < Self.sameWindow,
            new.remaining <= max(quota.remaining, 0) + Self.overtaking
        {
            new.remaining = min(new.remaining, quota.remaining)
        }
        quota = new
    }

    /// It took a delivery.
    mutating func took(at now: Timestamp) {
        taken.took(at: now)
        fruitless = 0
        guard let rate, let from = growsFrom, from < now else { return }
        if grewFrom == nil { grewFrom = from }
        // While little is sent, a search finds nothing.
        let seconds = isSearching ? min(now.seconds(since: from), 1) : now.seconds(since: from)
        let faster = rate * pow(1 + (isSearching ? Self.searchGrowth : Self.growth), seconds)
        self.rate = faster < Self.unlimited ? faster : nil
        if self.rate == nil { next = nil }
        growsFrom = now
    }

    /// It asked to wait. Attempts that were under way may be answered in the same way; they tell nothing new.
    /// - Parameter seconds: `nil` if it did not say how long.
    mutating func asked(seconds: Double?, at now: Timestamp) {
        let isNew = waitsUntil.map { $0 <= now } ?? true
        if isNew, taken.count == 0 { fruitless += 1 }
        let least = min(Self.standardWait * Double(1 << min(fruitless, 16)), Self.longestWait)
        // What it said counts, unless that is next to nothing or has proved to be too short.
        let wait = max(seconds ?? least, fruitless > 1 ? least : Self.standardWait)
        let end = now.advanced(bySeconds: wait)
        if isNew { learn(until: end, at: now) }
        let until = max(waitsUntil ?? end, end)
        waitsUntil = until
        grewFrom = nil
        let pause = isSearching ? Self.settled : min(max(Self.patience * wait, Self.rest), 3600)
        growsFrom = until.advanced(bySeconds: pause)
    }

    /// It asked to wait once more, in answer to an attempt that did not: that replaces all that it said before, and says nothing of its
    /// pace.
    /// - Parameter seconds: `nil` if it did not say how long: then what it said before stands, while that lasts.
    mutating func askedAgain(seconds: Double?, at now: Timestamp) {
        if seconds == nil, let quietUntil, quietUntil > now { return }
        let end = now.advanced(bySeconds: max(seconds ?? Self.standardWait, Self.standardWait))
        waitsUntil = end
        quota = nil
        growsFrom = end.advanced(bySeconds: Self.rest)
    }

    /// It took a delivery though it had asked to wait, or had said that it takes no more: that counts no longer.
    mutating func letGo(at now: Timestamp) {
        if let waitsUntil, waitsUntil > now {
            self.waitsUntil = nil
            growsFrom = now.advanced(bySeconds: Self.rest)
        }
        quota = nil
    }

    private mutating func learn(until end: Timestamp, at now: Timestamp) {
        let lastSecond = taken.count(last: 1, to: now)
        let seconds = taken.first.map { now.seconds(since: $0) } ?? 0
        if let rate {
            self.rate = paced(rate, lastSecond, seconds, until: end, at: now)
            // It took nothing at all: that says it is away, and little of what it takes when it is back.
            isSearching = taken.count == 0
        } else if lastSecond > 0 {
            rate = Self.share * Double(lastSecond)
            burst = Burst(count: lastSecond, seconds: min(seconds, 1))
            isSearching = true
        }
        rate = rate.map { max($0, Self.least) }
        taken = TakenHistory()
        next = nil
    }

    /// What is learnt from a refusal while deliveries were sent evenly.
    private func paced(_ rate: Double, _ lastSecond: Int, _ seconds: Double, until end: Timestamp, at now: Timestamp) -> Double {
        if taken.count == 0 { return rate / 2 }
        if taken.count < Self.enough { return rate }
        if seconds < 1 { return min(Self.share * Double(taken.count), Self.keptAtOnce * rate) }
        if lastSecond < Self.enough, let slow = slow(until: end) { return min(rate, slow) }
        let allowance = burst ?? Burst(count: 1, seconds: 0)
        let refill =
            Self.share
            * taken.refillRate(
                burst: { max(1, Double(allowance.count) - $0 * allowance.seconds) }, at: now, below: rate)
        if seconds < Self.settled { return max(refill, Self.keptAtOnce * rate) }
        let before = rate / pow(1 + (isSearching ? Self.searchGrowth : Self.growth), grewFor(Self.settled, at: now))
        if before < Self.keptAtLength * rate { return max(refill, before) }
        return min(Self.keptAtLength * rate, max(refill, Self.keptAtOnce * rate))
    }

    /// For so many of the last seconds the rate grew.
    private func grewFor(_ seconds: Double, at now: Timestamp) -> Double {
        grewFrom.map { min(max(now.seconds(since: $0), 0), seconds) } ?? 0
    }

    /// With the wait: so many in all of that time.
    private func slow(until end: Timestamp) -> Double? {
        guard taken.count >= Self.enough, let first = taken.first else { return nil }
        return Self.share * Double(taken.count) / max(end.seconds(since: first), 1)
    }
}
