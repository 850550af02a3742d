import DequeModule
import Foundation
import SyncModel

/// How fast a destination takes deliveries, learnt from when it asks us to wait. A value, told the time.
///
/// Nothing is known until it asks for the first time. Then the rate is a little below what it took in the second before. That is
/// kept for a multiple of the wait, so that finding the limit again costs little of what could have been sent; afterwards the rate
/// grows by 1 % a second, until it asks again.
struct DestinationPace: Sendable, Hashable {
    /// Deliveries a second; `nil`: no limit is known.
    private(set) var rate: Double?
    /// Nothing is sent before.
    private(set) var waitsUntil: Timestamp?
    /// When it took the deliveries of the last second.
    private var taken: Deque<Timestamp> = []
    /// Deliveries taken since it last asked to wait.
    private var takenSince = 0
    private var since: Timestamp?
    /// Waits in a row after which it took nothing.
    private var fruitless = 0
    private var growsFrom: Timestamp?
    private var next: Timestamp?

    /// Of what it took, as much is sent from then on.
    private static let share = 0.95
    /// Fewer in a second say little; the time since the last wait is counted then. Fewer in all of that say nothing.
    private static let enough = 5
    /// The rate is kept for so many times the wait.
    private static let patience: Double = 40
    private static let growth = 0.01
    /// Seconds that alarms are late by.
    private static let slack = 0.01
    /// A rate beyond it is no limit.
    private static let unlimited: Double = 1000
    /// No rate is below it: what was taken lately may say more about what there was to send than about the destination, and asking
    /// once more costs no attempt.
    private static let least = 0.2
    /// Seconds to wait if it does not say, and the longest that this becomes if it takes nothing in between.
    private static let standardWait: Double = 1
    private static let longestWait: Double = 300

    /// The earliest time for the next attempt; `nil`: at any time.
    var opensAt: Timestamp? {
        guard let next, let waitsUntil else { return next ?? waitsUntil }
        return max(next, waitsUntil)
    }

    /// An attempt begins.
    mutating func started(at now: Timestamp) {
        guard let rate else { return }
        // One that was a little late does not make the next one late.
        next = max(next ?? now, now.advanced(bySeconds: -Self.slack)).advanced(bySeconds: 1 / rate)
    }

    /// It took a delivery.
    mutating func took(at now: Timestamp) {
        if since == nil { since = now }
        takenSince += 1
        fruitless = 0
        taken.append(now)
        while let first = taken.first, now.seconds(since: first) >= 1 { taken.removeFirst() }
        guard let rate, let from = growsFrom, from < now else { return }
        let faster = rate * pow(1 + Self.growth, now.seconds(since: from))
        self.rate = faster < Self.unlimited ? faster : nil
        if self.rate == nil { next = nil }
        growsFrom = now
    }

    /// It asked to wait. Attempts that were under way may be answered in the same way; they tell nothing new.
    /// - Parameter seconds: `nil` if it did not say how long.
    mutating func asked(seconds: Double?, at now: Timestamp) {
        let isNew = waitsUntil.map { $0 <= now } ?? true
        if isNew, takenSince == 0 { fruitless += 1 }
        let least = min(Self.standardWait * Double(1 << min(fruitless, 16)), Self.longestWait)
        // What it said counts, unless that is next to nothing or has proved to be too short.
        let wait = max(seconds ?? least, fruitless > 1 ? least : Self.standardWait)
        let end = now.advanced(bySeconds: wait)
        if isNew { learn(until: end, at: now) }
        waitsUntil = max(waitsUntil ?? end, end)
        growsFrom = waitsUntil?.advanced(bySeconds: min(max(Self.patience * wait, 60), 3600))
    }

    private mutating func learn(until end: Timestamp, at now: Timestamp) {
        while let first = taken.first, now.seconds(since: first) > 1 { taken.removeFirst() }
        if taken.count >= Self.enough {
            rate = Self.share * Double(taken.count)
        } else if takenSince >= Self.enough, let since {
            // With the wait: so many in all of that time.
            let slow = Self.share * Double(takenSince) / max(end.seconds(since: since), 1)
            rate = min(rate ?? slow, slow)
        } else if takenSince == 0 {
            rate = rate.map { $0 / 2 }
        }
        rate = rate.map { max($0, Self.least) }
        (takenSince, since) = (0, end)
        taken = []
        next = nil
    }
}
