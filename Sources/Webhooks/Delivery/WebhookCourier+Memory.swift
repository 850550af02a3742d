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

    /// Keeps what is worth it.
    /// - Parameter all: the process is stopping.
    func remember(all: Bool = false) async {
        let learnt = memory.take(at: wall.now(), all: all)
        guard !learnt.isEmpty else { return }
        do {
            // Not a child task: this one may have been cancelled.
            try await machine.detach { [outbox] in try await outbox.remember(learnt) }.value
            remembering.worked()
        } catch {
            memory.failed(learnt)
            remembering.failed(error)
        }
    }
}
