import JobQueue
import SyncModel
import Synchronization
import TestSupport

/// An outbox in memory, true to the rules of `DeliveryOutbox`.
actor FakeOutbox: DeliveryOutbox {
    nonisolated let clock: WallClock
    private(set) var deliveries: [String: Delivery] = [:]
    /// Of all deliveries added; without one the body is gone.
    private var bodies: [String: [UInt8]] = [:]
    private var unreadable: Set<String> = []
    private(set) var attempts: [DeliveryAttempt] = []
    private(set) var questions = 0
    private(set) var expiryLooks = 0
    /// How often the next due time was asked for.
    private(set) var looksAhead = 0
    private(set) var lost: [DeliveryAttempt] = []
    /// The last lease of each delivery that was not ended.
    private(set) var leases: [String: LeasedDelivery] = [:]
    private var lastLease: Int64 = 0
    /// Whether leases run out, as those do that several processes share.
    private var leasesEnd = false
    /// So many of the next calls fail.
    private var readFailures = 0
    private var writeFailures = 0
    private var expiryFailures = 0
    private var bodyFailures = 0
    private(set) var bodyReads = 0
    private var lifetime = DeliverySchedule.lifetime
    private(set) var known: [String: DestinationRecord] = [:]
    /// Calls that kept, or were to keep, what was learnt of destinations.
    private(set) var remembered = 0
    private var memoryFailures = 0
    /// Until it reaches 1, looks for expired deliveries, and writes of what was learnt of destinations, do not return.
    private var writesReturn: Gauge?
    /// Calls that wait for that.
    nonisolated let waitingWrites = Gauge()
    private var waitingCount = 0
    private let recorded = Gauge()
    /// Calls for leases that have their answer.
    nonisolated let answered = Gauge()
    /// As many of them may return; `nil`: all.
    private var mayReturn: Gauge?
    private nonisolated let observers = Mutex<[QueueObserver]>([])

    init(clock: WallClock) { self.clock = clock }

    nonisolated func observe(_ observer: QueueObserver) { observers.withLock { $0.append(observer) } }
    /// From now on calls for leases have their answer and return only when `gauge` reaches their number.
    func holdAnswers(until gauge: Gauge?) { mayReturn = gauge }
    private func onDue() { for observer in observers.withLock({ $0 }) { observer.deliveryDue() } }
    /// So many deliveries in each state.
    var states: [DeliveryState: Int] { Dictionary(grouping: deliveries.values, by: \.state).mapValues(\.count) }
    func failExpiry(_ count: Int) { expiryFailures = count }
    /// Deliveries added from now on live for so many seconds.
    func limitLifetime(to seconds: Double) { lifetime = seconds }
    func postpone(_ id: String, to due: Timestamp) { deliveries[id]?.nextAttemptAt = due }
    func shorten(_ id: String, to end: Timestamp) { deliveries[id]?.expiresAt = end }
    func endLeases() { leasesEnd = true }
    func failMemory(_ count: Int) { memoryFailures = count }
    /// As a commit on a disk that does not answer.
    func holdWrites(until gauge: Gauge) { writesReturn = gauge }
    /// As earlier processes did.
    func know(_ record: DestinationRecord) { known[record.destination] = record }
    func failReads(_ count: Int) { readFailures = count }
    func failBodies(_ count: Int) { bodyFailures = count }
    func failWrites(_ count: Int) { writeFailures = count }

    func add(_ what: NewDelivery, at now: Timestamp, attempts: Int = 0) {
        bodies[what.id] = what.body
        deliveries[what.id] = Delivery(
            what: what.head, state: .pending, createdAt: now, attempts: attempts, nextAttemptAt: now,
            expiresAt: now.advanced(bySeconds: lifetime), lastAttemptAt: nil, deliveredAt: nil, lastStatus: nil, lastError: nil)
        onDue()
    }

    /// - Parameter isGone: else it is there, and cannot be read.
    func damageBody(of id: String, isGone: Bool) {
        bodies[id] = nil
        if !isGone { unreadable.insert(id) }
    }

    func body(of id: String) throws -> [UInt8]? {
        bodyReads += 1
        if bodyFailures > 0 {
            bodyFailures -= 1
            throw QueueError.unavailable("disk I/O error")
        }
        if unreadable.contains(id) { throw QueueError.damaged("malformed") }
        return bodies[id]
    }

    func leaseDeliveries(_ query: DeliveryQuery, now: Timestamp, for duration: Duration) async throws -> [LeasedDelivery] {
        questions += 1
        if readFailures > 0 {
            readFailures -= 1
            throw QueueError.unavailable("disk full")
        }
        let due = deliveries.values.filter {
            freeAt($0).map { $0 <= now } ?? false && !query.excludes($0.what.destination)
        }
        var counts: [String: Int] = [:]
        let first = due.sorted { ($0.nextAttemptAt!, $0.what.id) < ($1.nextAttemptAt!, $1.what.id) }.filter {
            counts[$0.what.destination, default: 0] += 1
            return counts[$0.what.destination, default: 0] <= query.perDestination
        }.prefix(query.limit)
        let leased = first.map { lease($0, until: leasesEnd ? now.advanced(bySeconds: duration / .seconds(1)) : nil) }
        let number = questions
        answered.set(number)
        try await mayReturn?.reaches(number)
        return leased
    }

    func leaseDelivery(_ id: String, now: Timestamp, for duration: Duration) throws -> LeasedDelivery? {
        if readFailures > 0 {
            readFailures -= 1
            throw QueueError.unavailable("disk full")
        }
        guard let delivery = deliveries[id], freeAt(delivery).map({ $0 <= now }) ?? false else { return nil }
        return lease(delivery, until: leasesEnd ? now.advanced(bySeconds: duration / .seconds(1)) : nil)
    }

    /// When it can be leased; `nil`: never.
    private func freeAt(_ delivery: Delivery) -> Timestamp? {
        guard let due = delivery.nextAttemptAt, let held = leases[delivery.what.id] else { return delivery.nextAttemptAt }
        return held.expiresAt.map { max($0, due) }
    }

    private func lease(_ delivery: Delivery, until: Timestamp?) -> LeasedDelivery {
        lastLease += 1
        let leased = LeasedDelivery(delivery, lease: DeliveryLease(value: lastLease), expiresAt: until)
        leases[delivery.what.id] = leased
        return leased
    }

    /// Another process leases a delivery.
    func leaseElsewhere(_ id: String, until: Timestamp) { if let delivery = deliveries[id] { _ = lease(delivery, until: until) } }

    /// The lease of a delivery ends, and it is due.
    func redeliver(_ id: String, at now: Timestamp) {
        let ended = leases.removeValue(forKey: id)
        deliveries[id]?.state = .pending
        deliveries[id]?.nextAttemptAt = now
        deliveries[id]?.expiresAt = Delivery.end(from: now)
        deliveries[id]?.attempts = 0
        if let ended { for observer in observers.withLock({ $0 }) { observer.deliveryLeaseEnded(id, ended.lease) } }
        if let destination = deliveries[id]?.what.destination {
            for observer in observers.withLock({ $0 }) { observer.deliveryWanted(id, destination) }
        }
        onDue()
    }

    func release(_ deliveries: [LeasedDelivery]) {
        for leased in deliveries where leases[leased.delivery.what.id]?.lease == leased.lease {
            leases[leased.delivery.what.id] = nil
        }
    }

    func nextDelivery(after now: Timestamp) -> Timestamp? {
        looksAhead += 1
        // One who asks for ever comes to rest, and is found out.
        return looksAhead < 1000 ? nextDue(after: now) : nil
    }

    private func nextDue(after now: Timestamp) -> Timestamp? {
        deliveries.values.compactMap { freeAt($0) }.filter { $0 > now }.min()
    }

    private func waitToReturn() async {
        guard let writesReturn else { return }
        waitingCount += 1
        waitingWrites.set(waitingCount)
        // Not cancelled, as a commit is not.
        _ = await Task { try await writesReturn.reaches(1) }.result
        waitingCount -= 1
        waitingWrites.set(waitingCount)
    }

    func expireDeliveries(now: Timestamp, limit: Int) async throws -> ExpiredDeliveries {
        expiryLooks += 1
        await waitToReturn()
        if expiryFailures > 0 {
            expiryFailures -= 1
            throw QueueError.unavailable("disk full")
        }
        var result = ExpiredDeliveries()
        let pending = deliveries.values.filter { $0.state == .pending }
        result.nextAt = pending.map(\.expiresAt).filter { $0 > now }.min()
        let over = pending.filter { $0.expiresAt <= now && leases[$0.what.id] == nil }
            .sorted { ($0.expiresAt, $0.what.id) < ($1.expiresAt, $1.what.id) }
        for delivery in over.prefix(limit) {
            let expired = ExpiredDelivery(
                id: delivery.what.id, jobID: delivery.what.jobID, destination: delivery.what.destination,
                attempts: delivery.attempts, lastError: delivery.lastError)
            deliveries[delivery.what.id]?.state = .dead
            deliveries[delivery.what.id]?.nextAttemptAt = nil
            deliveries[delivery.what.id]?.lastError = expired.error
            result.deliveries.append(expired)
        }
        return result
    }

    func destinations(limit: Int) -> [DestinationRecord] { Array(known.values) }

    func remember(_ destinations: [DestinationRecord]) async throws {
        remembered += 1
        await waitToReturn()
        if memoryFailures > 0 {
            memoryFailures -= 1
            throw QueueError.unavailable("disk full")
        }
        for one in destinations { known[one.destination] = one }
    }

    func record(_ attempt: DeliveryAttempt) throws {
        if writeFailures > 0 {
            writeFailures -= 1
            throw QueueError.unavailable("disk full")
        }
        guard leases[attempt.deliveryID]?.lease == attempt.lease else {
            lost.append(attempt)
            throw QueueError.leaseLost
        }
        leases[attempt.deliveryID] = nil
        attempts.append(attempt)
        if var delivery = deliveries[attempt.deliveryID] {
            if attempt.next != .putOff { delivery.attempts += 1 }
            delivery.lastAttemptAt = attempt.at
            delivery.lastStatus = attempt.status
            delivery.lastError = attempt.error
            switch attempt.next {
            case .delivered: (delivery.state, delivery.nextAttemptAt, delivery.deliveredAt) = (.delivered, nil, attempt.at)
            case .retry(let at): delivery.nextAttemptAt = at
            case .putOff: delivery.nextAttemptAt = attempt.at
            case .dead: (delivery.state, delivery.nextAttemptAt) = (.dead, nil)
            }
            deliveries[attempt.deliveryID] = delivery
        }
        recorded.set(attempts.count)
    }

    /// Returns once so many attempts have been recorded.
    func attempts(_ count: Int) async throws -> [DeliveryAttempt] {
        try await recorded.reaches(count)
        return attempts
    }
}
