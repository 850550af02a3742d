import JobQueue
import SyncModel

/// Decides what of the courier's knowledge of destinations is kept in the outbox, and when. A value, told the time.
///
/// Records are in the time that the machine's clock shows, `now` here; the courier's own (`DueTime`) means nothing to the next process.
/// A record of a time that is still ahead was made while the clock was: what it says of a hold is not believed, and it is replaced.
///
/// A rate or a hold is worth a write if it differs notably from what is kept, and of one destination once a minute at most, so that no
/// attempt costs a commit. A hold of more than a minute is kept at once, and so is its early end: a restart must not forget that a receiver
/// asked for a day, nor that it does so no more.
struct DestinationMemory: Sendable {
    private var kept: [String: DestinationRecord] = [:]
    private var changed: [String: DestinationRecord] = [:]

    /// Seconds between two writes for one destination, and what a hold must last or change by to be notable.
    static let pause: Double = 60
    /// A rate that differs by less is the same.
    private static let notable = 1.2
    /// Seconds after which a rate is written again although it is the same: less than the shortest time for which records are kept.
    static let renewal: Double = 43_200
    /// The most destinations that are known.
    static let most = 1024

    init() {}

    /// - Parameters:
    ///   - kept: by earlier processes.
    ///   - isUsed: whether anything may still be sent to a destination. What is known of another is forgotten: deliveries of the configured
    ///     address keep the name that it had, and a wait for which its receiver asked says nothing about the present one.
    init(_ kept: [DestinationRecord], at now: Timestamp, isUsed: (_ destination: String) -> Bool = { _ in true }) {
        for one in kept {
            let hasHold = one.heldUntil.map { $0 > now } ?? false
            guard isUsed(one.destination) else {
                changed[one.destination] =
                    hasHold ? DestinationRecord(destination: one.destination, rate: nil, heldUntil: nil, learntAt: now) : nil
                continue
            }
            self.kept[one.destination] = one
            guard one.learntAt.isAhead(of: now) || (hasHold && Self.hold(one, at: now) == nil) else { continue }
            changed[one.destination] = DestinationRecord(
                destination: one.destination, rate: one.rate, heldUntil: nil, learntAt: now)
        }
    }

    /// What earlier processes knew, as far as it is believed.
    /// - Parameters:
    ///   - now: the time that the machine's clock shows.
    ///   - due: the same moment by the courier's clock, by which the holds returned are.
    func recalled(at now: Timestamp, due: Timestamp) -> [DestinationRecord] {
        kept.keys.compactMap { recalled($0, at: now, due: due) }
    }

    /// The same of one destination; `nil` if nothing is kept of it.
    func recalled(_ destination: String, at now: Timestamp, due: Timestamp) -> DestinationRecord? {
        guard var one = kept[destination] else { return nil }
        one.heldUntil = Self.hold(one, at: now).map { due.advanced(bySeconds: $0) }
        return one
    }

    /// Seconds for which a kept hold still lasts; `nil`: it is over, or not believed. No hold is longer than a day.
    private static func hold(_ record: DestinationRecord, at now: Timestamp) -> Double? {
        guard let end = record.heldUntil, !record.learntAt.isAhead(of: now) else { return nil }
        let seconds = end.seconds(since: now)
        let all = end.seconds(since: record.learntAt)
        return seconds > 0 && all <= RetryAfter.cap + Timestamp.tolerance ? seconds : nil
    }

    /// Notes what is known of a destination after an answer.
    /// - Parameters:
    ///   - now: the time that the machine's clock shows.
    ///   - due: the same moment by the courier's clock, by which `health` is.
    mutating func note(_ destination: String, _ health: DestinationHealth, at now: Timestamp, due: Timestamp) {
        let left = health.pace.quietUntil?.seconds(since: due)
        let hold = left.flatMap { $0 > Self.pause ? now.advanced(bySeconds: $0) : nil }
        let new = DestinationRecord(destination: destination, rate: health.pace.rate, heldUntil: hold, learntAt: now)
        guard isNotable(new, at: now) else { return changed[destination] = nil }
        if changed[destination] != nil || changed.count < Self.most { changed[destination] = new }
    }

    /// What is to be kept now; it counts as kept until `failed` says otherwise.
    mutating func take(at now: Timestamp, all: Bool = false) -> [DestinationRecord] {
        guard !changed.isEmpty else { return [] }
        let due = changed.values.filter { new in
            guard !all, let before = kept[new.destination] else { return true }
            return now.seconds(since: before.learntAt) >= Self.pause || before.learntAt.isAhead(of: now)
                || isHoldNew(new, after: before, at: now)
        }.map { new in
            // The next minute counts from the write.
            var new = new
            new.learntAt = now
            return new
        }
        for one in due {
            changed[one.destination] = nil
            if kept.count < Self.most || kept[one.destination] != nil { kept[one.destination] = one }
        }
        return due
    }

    /// What `take` returned was not written.
    mutating func failed(_ records: [DestinationRecord]) {
        for one in records where changed[one.destination] == nil {
            changed[one.destination] = one
            kept[one.destination] = nil
        }
    }

    private func isNotable(_ new: DestinationRecord, at now: Timestamp) -> Bool {
        guard let before = kept[new.destination] else { return new.rate != nil || new.heldUntil != nil }
        if before.learntAt.isAhead(of: now) || isHoldNew(new, after: before, at: now) { return true }
        // The hold that is kept, and shown, is not the destination's any more.
        if new.heldUntil == nil, let end = before.heldUntil, end.seconds(since: now) > Self.pause { return true }
        switch (before.rate, new.rate) {
        case (nil, nil): return false
        case (let old?, let rate?):
            return max(old, rate) > Self.notable * min(old, rate) || now.seconds(since: before.learntAt) >= Self.renewal
        default: return true
        }
    }

    /// Whether a hold is notably longer or shorter than the one that is kept, or begins, or ends before its time.
    private func isHoldNew(_ new: DestinationRecord, after before: DestinationRecord, at now: Timestamp) -> Bool {
        let left = new.heldUntil?.seconds(since: now) ?? 0
        return abs(left - (Self.hold(before, at: now) ?? 0)) > Self.pause
    }
}
