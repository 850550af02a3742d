import JobQueue
import ServiceSupport
import SyncModel
import Synchronization

/// Attempts that a person wants now.
extension WebhookCourier {
    /// Notes that a delivery is wanted.
    nonisolated func want(_ id: String, _ destination: String) {
        wanted.withLock { $0.add(id, to: destination) }
        signal.yield()
    }

    /// The wanted delivery to send now, if there is one that may be.
    func startWanted() async -> LeasedDelivery? {
        while let (id, destination) = nextWanted() {
            // Before it is asked for: it may be redelivered meanwhile, and is wanted again.
            wanted.withLock { $0.remove(id) }
            do {
                // None: it waits for an earlier one of its tenant, or another process has it.
                guard let leased = try await outbox.leaseDelivery(id, now: due.now(), for: limits.lease) else { continue }
                let (now, shown) = (due.now(), wall.now())
                let known = memory.recalled(leased.delivery.what.destination, at: shown, due: now)
                if !isStopping.load(ordering: .acquiring), limiter.startWanted(leased, at: now, known: known) { return leased }
                want(id, destination)
                await release([leased])
                return nil
            } catch {
                wanted.withLock { $0.add(id, to: destination) }
                nextIsUnknown = true
                reading.failed(error)
                return nil
            }
        }
        return nil
    }

    /// What is held ready is sent in its turn, unless it is given back before.
    private func nextWanted() -> (id: String, destination: String)? {
        guard !isStopping.load(ordering: .acquiring) else { return nil }
        let waiting = wanted.withLock { $0.waiting }
        guard !waiting.isEmpty else { return nil }
        let now = due.now()
        // Many may wait for one destination.
        var shut: Set<String> = []
        return waiting.first { one in
            guard !shut.contains(one.destination), limiter.ready[one.id] == nil else { return false }
            if limiter.mayStartWanted(to: one.destination, at: now) { return true }
            shut.insert(one.destination)
            return false
        }
    }
}
