import JobQueue
import ServiceSupport
import SyncModel

/// One delivery, from its lease to its record.
extension WebhookCourier {
    func deliver(_ leased: LeasedDelivery) async {
        let delivery = leased.delivery
        let start = machine.now
        let at = wall.now()
        var outcome: WebhookSender.Outcome
        let answer: DestinationAnswer?
        do {
            (outcome, answer) = try await attempt(delivery, at: at)
        } catch {
            // Stopping, or the outbox cannot be read: not recorded, so it is still due.
            return await giveBack(leased, after: error)
        }
        if !unread.isEmpty, unread.remove(delivery.what.id) != nil, unread.isEmpty { loading.worked() }
        let now = due.now()
        let wasQuiet = isQuiet(delivery.what.destination, at: now)
        limiter.sent(leased, answer, quota: outcome.quota, at: now)
        if wasQuiet || answer == .taken, !isQuiet(delivery.what.destination, at: now) {
            log.goesOn(delivery.what.destination, now: now)
        }
        note(delivery.what.destination)
        signal.yield()
        let next = decide(&outcome, answer ?? .refused, of: delivery)
        tellIfUsedUp(delivery.what.destination)
        metrics.count(next, took: start.duration(to: machine.now))
        log.attempt(delivery, outcome, next)
        let attempt = DeliveryAttempt(leased, at: at, status: outcome.status, error: outcome.error, next: next)
        guard await record(attempt) else { return await release([leased]) }
        limiter.settled(leased)
        switch next {
        case .retry(let at): expect(at)
        case .putOff:
            expect(at)
            limiter.look()
        case .delivered, .dead: break
        }
        signal.yield()
    }

    private func isQuiet(_ destination: String, at now: Timestamp) -> Bool {
        limiter.health(of: destination)?.isQuiet(at: now) ?? false
    }

    /// Gives a lease back without an attempt; where the outbox cannot be read, after a pause.
    private func giveBack(_ leased: LeasedDelivery, after error: any Error) async {
        guard !(error is CancellationError), !Task.isCancelled else { return await release([leased]) }
        if unread.count < Self.mostUnread { unread.insert(leased.delivery.what.id) }
        loading.failed(error)
        limiter.sent(leased, nil, at: due.now())
        try? await machine.sleep(for: .seconds(Self.outboxPause))
        await release([leased])
        limiter.settled(leased)
        limiter.look()
        signal.yield()
    }

    /// Makes the attempt; the body is in memory for as long as that takes.
    /// - Returns: no answer of the destination if nothing was sent to it, because the body is gone or damaged.
    /// - Throws: `CancellationError`; or that the outbox cannot be read, which says nothing of the delivery.
    private func attempt(
        _ delivery: Delivery, at now: Timestamp
    ) async throws -> (WebhookSender.Outcome, DestinationAnswer?) {
        let body: [UInt8]
        do {
            guard let found = try await outbox.body(of: delivery.what.id) else {
                return (WebhookSender.Outcome(error: "its body is gone", isHopeless: true), nil)
            }
            body = found
        } catch QueueError.damaged {
            try Task.checkCancellation()
            return (WebhookSender.Outcome(error: "its body cannot be read"), nil)
        }
        let outcome = try await sender.send(delivery, body, at: now)
        return (outcome, DestinationAnswer(outcome, isConfiguredURL: delivery.what.isConfiguredURL, now: wall.now()))
    }

    /// Recording works again once all that it failed for are recorded: others may have succeeded all the time.
    private func hasRecorded(_ attempt: DeliveryAttempt) {
        unrecorded.remove(attempt.deliveryID)
        if unrecorded.isEmpty { recording.worked() }
    }

    /// Records the attempt, however long that takes: otherwise it would be sent again and again. False if stopping.
    private func record(_ attempt: DeliveryAttempt) async -> Bool {
        var pause = Self.outboxPause
        while true {
            do {
                // Not a child task: what has happened must be recorded even if this one is cancelled.
                try await machine.detach { [outbox] in try await outbox.record(attempt) }.value
                hasRecorded(attempt)
                return true
            } catch QueueError.leaseLost {
                // Recorded by a call whose answer was lost; or it does not count: the delivery was redelivered, or is another
                // process's, because this one was held up for longer than the lease.
                hasRecorded(attempt)
                log.leaseLost(attempt)
                return true
            } catch {
                if unrecorded.count < Self.mostUnread { unrecorded.insert(attempt.deliveryID) }
                recording.failed(error)
            }
            guard (try? await machine.sleep(for: .seconds(pause))) != nil else { return false }
            pause = min(pause * 2, 30)
        }
    }
}
