import JobQueue
import ServiceSupport
import SyncModel

/// When the courier looks again by itself.
extension WebhookCourier {
    /// Notes that a retry is due at `at`.
    func expect(_ at: Timestamp) {
        if at <= lookedAt {
            // Recording took so long that it is already due; the last query missed it.
            limiter.look()
        } else if alarmAt.map({ at < $0 }) ?? true {
            nextIsUnknown = true
        }
    }

    /// Has the loop set an alarm for `at`, if none is set or only a later one.
    func wakeUp(at: Timestamp) {
        guard alarmAt.map({ at < $0 }) ?? true else { return }
        nextIsUnknown = true
        signal.yield()
    }

    /// The alarm to set, if none is set or an earlier one is needed.
    func nextAlarm() async -> (at: Timestamp, sleep: @Sendable () async throws -> Void)? {
        guard nextIsUnknown else { return nil }
        nextIsUnknown = false
        let now = due.now()
        var at = min(now.advanced(bySeconds: Self.heartbeat), expiryLookAt)
        if let rememberAt { at = min(at, rememberAt) }
        if reading.isOn {
            at = now.advanced(bySeconds: Self.outboxPause)
        } else {
            do {
                if let next = try await nextDue(after: now) { at = min(at, next) }
            } catch {
                reading.failed(error)
                at = now.advanced(bySeconds: Self.outboxPause)
            }
        }
        guard alarmAt.map({ at < $0 }) ?? true else { return nil }
        alarmAt = at
        return (at, due.alarm(at: at))
    }

    /// When a delivery becomes due next. One that has become so since the outbox was queried is not waited for: the limiter asks as soon
    /// as it has room, which may take long.
    private func nextDue(after now: Timestamp) async throws -> Timestamp? {
        let next = try await outbox.nextDelivery(after: lookedAt)
        guard let next, next <= now else { return next }
        limiter.look()
        lookedAt = max(lookedAt, now)
        signal.yield()
        return try await outbox.nextDelivery(after: now)
    }

    /// The alarm to set for the limiter, if none is set or an earlier one is needed.
    func nextTurn() -> (at: Timestamp, sleep: @Sendable () async throws -> Void)? {
        let now = due.now()
        // Not longer than the heartbeat: an earlier alarm of another destination makes this one's unknown, though it still sleeps.
        guard let next = limiter.nextTurn(after: askedAt).map({ min($0, now.advanced(bySeconds: Self.heartbeat)) }),
            turnAt.map({ next < $0 }) ?? true
        else { return nil }
        let at = next
        turnAt = at
        return (at, due.alarm(at: at))
    }

    func takeTurn(at: Timestamp, after sleep: @Sendable () async throws -> Void) async {
        guard (try? await sleep()) != nil else { return }
        if turnAt == at { turnAt = nil }
        signal.yield()
    }

    func ring(at: Timestamp, after sleep: @Sendable () async throws -> Void) async {
        // If the clocks differ and this is slightly early, the query finds nothing and sets another alarm for the rest.
        guard (try? await sleep()) != nil else { return }
        if alarmAt == at { alarmAt = nil }
        nextIsUnknown = true
        wake()
    }
}
