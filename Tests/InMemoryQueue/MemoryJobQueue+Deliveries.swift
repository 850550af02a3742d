package import JobQueue
package import SyncModel

extension MemoryJobQueue.State {
    mutating func post(_ what: NewDelivery, now: Timestamp) {
        let delivery = Delivery(
            what: what.head, state: .pending, createdAt: now, attempts: 0, nextAttemptAt: now, lastAttemptAt: nil,
            deliveredAt: nil,
            lastStatus: nil, lastError: nil)
        disk.posted.append(QueueDisk.Posted(seq: disk.nextNumber(), delivery: delivery, body: what.body))
        deliveriesDue += 1
        keepOrder(at: now)
    }

    /// With `WEBHOOK_ORDER=tenant` the earliest pending delivery of each tenant is due, and no other.
    mutating func keepOrder(at now: Timestamp) {
        guard webhookOrder == .tenant else { return }
        var met: Set<TenantID> = []
        for at in disk.posted.indices.sorted(by: { disk.posted[$0].seq < disk.posted[$1].seq }) {
            let delivery = disk.posted[at].delivery
            guard delivery.state == .pending, let tenantID = delivery.what.tenantID else { continue }
            if !met.insert(tenantID).inserted {
                disk.posted[at].delivery.nextAttemptAt = nil
            } else if delivery.nextAttemptAt == nil {
                disk.posted[at].delivery.nextAttemptAt = now
                deliveriesDue += 1
            }
        }
    }

    func posted(_ id: String) -> Int? { disk.posted.firstIndex { $0.delivery.what.id == id } }

    /// The same, if the lease is held.
    func posted(_ id: String, under lease: DeliveryLease) -> Int? {
        posted(id).flatMap { disk.posted[$0].lease?.id == lease ? $0 : nil }
    }
}

extension MemoryJobQueue.State {
    /// As a redelivery does.
    fileprivate mutating func startAnew(_ at: Int, now: Timestamp) {
        let id = disk.posted[at].delivery.what.id
        if let lease = disk.posted[at].lease { leasesEnded.append((id, lease.id)) }
        disk.posted[at].lease = nil
        disk.posted[at].delivery.state = .pending
        disk.posted[at].delivery.nextAttemptAt = now
        disk.posted[at].delivery.expiresAt = Delivery.end(from: now)
        disk.posted[at].delivery.attempts = 0
        disk.posted[at].delivery.deliveredAt = nil
    }
}

extension MemoryJobQueue {
    package func leaseDeliveries(_ query: DeliveryQuery, now: Timestamp, for duration: Duration) async throws -> [LeasedDelivery]
    {
        try change { state in
            let free = state.disk.posted.indices.filter { at in
                let posted = state.disk.posted[at]
                return posted.freeAt.map { $0 <= now } ?? false && !query.excludes(posted.delivery.what.destination)
            }
            let until = now.advanced(bySeconds: duration / .seconds(1))
            func due(_ at: Int) -> Timestamp { state.disk.posted[at].delivery.nextAttemptAt ?? now }
            var counts: [String: Int] = [:]
            let wanted = free.sorted { due($0) < due($1) }.filter { at in
                let destination = state.disk.posted[at].delivery.what.destination
                counts[destination, default: 0] += 1
                return counts[destination, default: 0] <= query.perDestination
            }
            return wanted.prefix(query.limit).map { at in
                let lease = DeliveryLease(value: Int64(state.disk.nextNumber()))
                state.disk.posted[at].lease = (lease, until)
                return LeasedDelivery(state.disk.posted[at].delivery, lease: lease, expiresAt: until)
            }
        }
    }

    package func leaseDelivery(_ id: String, now: Timestamp, for duration: Duration) async throws -> LeasedDelivery? {
        try change { state in
            guard let at = state.posted(id), let freeAt = state.disk.posted[at].freeAt, freeAt <= now else { return nil }
            let (lease, until) = (
                DeliveryLease(value: Int64(state.disk.nextNumber())), now.advanced(bySeconds: duration / .seconds(1))
            )
            state.disk.posted[at].lease = (lease, until)
            return LeasedDelivery(state.disk.posted[at].delivery, lease: lease, expiresAt: until)
        }
    }

    package func body(of id: String) async throws -> [UInt8]? {
        try look { state in state.posted(id).map { state.disk.posted[$0].body } }
    }

    package func release(_ deliveries: [LeasedDelivery]) async {
        _ = try? change { state in
            for leased in deliveries {
                guard let at = state.posted(leased.delivery.what.id, under: leased.lease) else { continue }
                state.disk.posted[at].lease = nil
            }
        }
    }

    package func nextDelivery(after now: Timestamp) async throws -> Timestamp? {
        try look { state in state.disk.posted.compactMap(\.freeAt).filter { $0 > now }.min() }
    }

    package func record(_ attempt: DeliveryAttempt) async throws {
        try change { state in
            guard let at = state.posted(attempt.deliveryID, under: attempt.lease) else { throw QueueError.leaseLost }
            state.disk.posted[at].lease = nil
            var delivery = state.disk.posted[at].delivery
            if attempt.next != .putOff { delivery.attempts += 1 }
            (delivery.lastAttemptAt, delivery.lastStatus) = (attempt.at, attempt.status)
            delivery.lastError = attempt.error.map { String($0.prefix(500)) }
            switch attempt.next {
            case .delivered: (delivery.state, delivery.nextAttemptAt, delivery.deliveredAt) = (.delivered, nil, attempt.at)
            case .retry(let at): delivery.nextAttemptAt = at
            case .putOff: delivery.nextAttemptAt = attempt.at
            case .dead: (delivery.state, delivery.nextAttemptAt) = (.dead, nil)
            }
            state.disk.posted[at].delivery = delivery
            state.keepOrder(at: attempt.at)
        }
    }

    package func deliveries(_ filter: DeliveryFilter, limit: Int, cursor: String?) async throws -> Page<Delivery> {
        let before = try cursor.map { try Cursor.numbers($0, "d", count: 1)[0] } ?? .max
        let found = try look { state in
            let tenants = filter.tenantID.map { state.tenants(listedAs: $0) }
            return state.disk.posted.filter { posted in
                let delivery = posted.delivery
                return Int64(posted.seq) < before && filter.state ?? delivery.state == delivery.state
                    && filter.jobID.map { $0 == delivery.what.jobID } ?? true
                    && tenants?.contains { $0 == delivery.what.tenantID } ?? true
            }.sorted { $0.seq > $1.seq }
        }
        let page = found.prefix(limit)
        let next = page.last.map { Cursor.text("d", Int64($0.seq)) }
        return Page(items: page.map(\.delivery), nextCursor: found.count > limit ? next : nil)
    }

    package func delivery(_ id: String) async throws -> Delivery? {
        try look { state in state.posted(id).map { state.disk.posted[$0].delivery } }
    }

    package func deliveries(of job: JobID) async throws -> [Delivery] {
        try look { state in state.disk.posted.filter { $0.delivery.what.jobID == job }.sorted { $0.seq > $1.seq }.map(\.delivery)
        }
    }

    package func redeliver(_ id: String, now: Timestamp) async throws -> Bool {
        try change { state in
            guard let at = state.posted(id) else { return false }
            state.startAnew(at, now: now)
            state.keepOrder(at: now)
            state.deliveriesDue += 1
            state.deliveriesWanted.append((id, state.disk.posted[at].delivery.what.destination))
            return true
        }
    }

    package func redeliverDead(
        ofJob job: JobID?, ofTenant tenant: TenantID?, limit: Int, cursor: String?, now: Timestamp
    ) async throws -> Redelivered {
        let place = try cursor.map { try Cursor.numbers($0, "d", count: 2) }
        return try change { state in
            let upTo = place?[1] ?? state.disk.posted.map { Int64($0.seq) }.max() ?? 0
            let after = place?[0] ?? 0
            let tenants = tenant.map { state.tenants(listedAs: $0) }
            let found = state.disk.posted.indices.filter { at in
                let (seq, delivery) = (state.disk.posted[at].seq, state.disk.posted[at].delivery)
                return Int64(seq) > after && Int64(seq) <= upTo && delivery.state == .dead
                    && job ?? delivery.what.jobID == delivery.what.jobID
                    && tenants?.contains { $0 == delivery.what.tenantID } ?? true
            }.sorted { state.disk.posted[$0].seq < state.disk.posted[$1].seq }
            let page = found.prefix(limit)
            for at in page { state.startAnew(at, now: now) }
            state.keepOrder(at: now)
            if !page.isEmpty { state.deliveriesDue += 1 }
            let last = page.last.map { Cursor.text("d", Int64(state.disk.posted[$0].seq), upTo) }
            let isBehind = page.map { state.disk.posted[$0].delivery.nextAttemptAt == nil }
            let holds = page.map { at in
                state.disk.destinations[state.disk.posted[at].delivery.what.destination]?.heldUntil.flatMap {
                    $0 > now ? $0 : nil
                }
            }
            return Redelivered(
                count: page.count, waiting: zip(isBehind, holds).count { $0 || $1 != nil }, behind: isBehind.count { $0 },
                waitsUntil: holds.compactMap(\.self).max(), nextCursor: found.count > limit ? last : nil)
        }
    }

    package func add(_ delivery: NewDelivery, now: Timestamp) async throws {
        try change { state in
            state.post(delivery, now: now)
            state.deliveriesWanted.append((delivery.id, delivery.destination))
        }
    }
}
