import JobQueue
import ServiceSupport
import SyncModel

/// What is known of destinations beyond the process.
extension WebhookCourier {
    /// Learns what earlier processes kept. Without it the courier begins with nothing known.
    func recall() async {
        do {
            let known = try await outbox.destinations(limit: DestinationMemory.most)
            let (now, due) = (wall.now(), due.now())
            memory = DestinationMemory(known, at: now, isUsed: sender.maySend(to:))
            limiter.remember(memory.recalled(at: now, due: due), at: due)
            remembering.worked()
        } catch {
            remembering.failed(error)
        }
    }

    /// Notes what an answer says of its destination.
    func note(_ destination: String) {
        guard let health = limiter.health(of: destination) else { return }
        memory.note(destination, health, at: wall.now(), due: due.now())
    }

    /// Logs, once, that a destination says that it takes no more for longer than a minute. Shorter windows are the rule with receivers that
    /// count.
    func tellIfUsedUp(_ destination: String) {
        let now = due.now()
        guard let pace = limiter.health(of: destination)?.pace, let usedUp = pace.usedUpUntil,
            usedUp.seconds(since: now) > DestinationMemory.pause
        else { return }
        let end = pace.quietUntil ?? usedUp
        // As the machine's clock will show it.
        let shown = wall.now().advanced(bySeconds: end.seconds(since: now))
        log.held(destination, until: end, error: "it takes no more until \(shown.iso8601)", now: now)
    }

    /// Begins to keep what is worth it. Beside the courier's loop, for a commit may take long: one at a time, and after a failure not
    /// before a pause, which doubles up to half a minute.
    func startRemembering() {
        guard memoryWrite == nil else { return }
        if let rememberAt, due.now() < rememberAt { return }
        rememberAt = nil
        let learnt = memory.take(at: wall.now())
        guard !learnt.isEmpty else { return }
        memoryWrite = machine.detach { [outbox] in
            do {
                try await outbox.remember(learnt)
                await self.haveRemembered(learnt, nil)
            } catch {
                await self.haveRemembered(learnt, error)
            }
        }
    }

    private func haveRemembered(_ learnt: [DestinationRecord], _ error: (any Error)?) {
        memoryWrite = nil
        if let error {
            memory.failed(learnt)
            remembering.failed(error)
            let next = due.now().advanced(bySeconds: rememberPause)
            rememberPause = min(rememberPause * 2, 30)
            rememberAt = next
            wakeUp(at: next)
        } else {
            remembering.worked()
            rememberPause = Self.outboxPause
            // More may have been learnt meanwhile.
            signal.yield()
        }
    }

    /// Waits for what is being written beside the loop, and keeps the rest; no longer than `lastWrites`, for a commit may hang. What hangs
    /// goes on without this courier.
    func finishWriting() async {
        let (ends, end) = AsyncStream.makeStream(of: Never.self)
        // No child tasks: this one may have been cancelled.
        machine.detach {
            await self.writeRest()
            end.finish()
        }
        let limit = machine.detach { [machine] in
            try await machine.sleep(for: Self.lastWrites)
            end.finish()
        }
        _ = await machine.detach { for await _ in ends {} }.result
        limit.cancel()
    }

    private func writeRest() async {
        _ = await expiryLook?.result
        _ = await memoryWrite?.result
        let learnt = memory.take(at: wall.now(), all: true)
        guard !learnt.isEmpty else { return }
        do {
            try await outbox.remember(learnt)
            remembering.worked()
        } catch {
            remembering.failed(error)
        }
    }
}
