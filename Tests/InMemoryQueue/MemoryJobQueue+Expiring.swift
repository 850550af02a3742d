package import JobQueue
package import SyncModel

extension MemoryJobQueue {
    package func expireDeliveries(now: Timestamp, limit: Int) async throws -> ExpiredDeliveries {
        let time = clock.now()
        return try change { state in
            var result = ExpiredDeliveries()
            func end(_ at: Int) -> Timestamp { state.disk.posted[at].delivery.expiresAt }
            let pending = state.disk.posted.indices.filter { state.disk.posted[$0].delivery.state == .pending }
            result.nextAt = pending.map(end).filter { $0 > now }.min()
            let over = pending.filter { at in
                end(at) <= now && state.disk.posted[at].lease.map { $0.until <= time } ?? true
            }.sorted { end($0) < end($1) }
            for at in over.prefix(limit) {
                let delivery = state.disk.posted[at].delivery
                let expired = ExpiredDelivery(
                    id: delivery.what.id, jobID: delivery.what.jobID, destination: delivery.what.destination,
                    attempts: delivery.attempts, lastError: delivery.lastError)
                state.disk.posted[at].lease = nil
                state.disk.posted[at].delivery.state = .dead
                state.disk.posted[at].delivery.nextAttemptAt = nil
                state.disk.posted[at].delivery.lastError = expired.error
                result.deliveries.append(expired)
            }
            state.keepOrder(at: now)
            return result
        }
    }

    package func destinations(limit: Int) async throws -> [DestinationRecord] {
        try look { state in Array(state.disk.destinations.values.sorted { $0.learntAt > $1.learntAt }.prefix(limit)) }
    }

    package func remember(_ destinations: [DestinationRecord]) async throws {
        try change { state in for known in destinations { state.disk.destinations[known.destination] = known } }
    }
}
