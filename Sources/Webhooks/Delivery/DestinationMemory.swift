import JobQueue
import SyncModel

/// Decides what of the courier's knowledge of destinations is kept in the outbox, and when. A value, told the time.
///
/// A rate or a hold is worth a write if it differs notably from what is kept, and of one destination once a minute at most, so that no
/// attempt costs a commit. A hold of more than a minute is kept at once: a restart must not forget that a receiver asked for a day.
struct DestinationMemory: Sendable {
    private var kept: [String: DestinationRecord] = [:]
    private var changed: [String: DestinationRecord] = [:]

    /// Seconds between two writes for one destination, and what a hold must last or change by to be notable.
    private static let pause: Double = 60
    /// A rate that differs by less is the same.
    private static let notable = 1.2
    /// The most destinations that are known.
    static let most = 1024

    init(_ kept: [DestinationRecord] = []) {
        for one in kept { self.kept[one.destination] = one }
    }

    /// Notes what is known of a destination after an answer.
    mutating func note(_ destination: String, _ health: DestinationHealth, at now: Timestamp) {
        let hold = health.pace.waitsUntil.flatMap { $0.seconds(since: now) > Self.pause ? $0 : nil }
        let new = DestinationRecord(destination: destination, rate: health.pace.rate, heldUntil: hold, learntAt: now)
        guard isNotable(new, at: now) else { return changed[destination] = nil }
        if changed[destination] != nil || changed.count < Self.most { changed[destination] = new }
    }

    /// What is to be kept now; it counts as kept until `failed` says otherwise.
    mutating func take(at now: Timestamp, all: Bool = false) -> [DestinationRecord] {
        guard !changed.isEmpty else { return [] }
        let due = changed.values.filter { new in
            guard !all, let before = kept[new.destination] else { return true }
            return now.seconds(since: before.learntAt) >= Self.pause || isLonger(new, than: before)
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
        if isLonger(new, than: before) { return true }
        switch (before.rate, new.rate) {
        case (nil, nil): return false
        case (let old?, let rate?): return max(old, rate) > Self.notable * min(old, rate)
        default: return true
        }
    }

    private func isLonger(_ new: DestinationRecord, than before: DestinationRecord) -> Bool {
        guard let end = new.heldUntil else { return false }
        return before.heldUntil.map { end.seconds(since: $0) > Self.pause } ?? true
    }
}
