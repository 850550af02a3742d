import JobQueue
import SyncModel
import Synchronization

/// Watches a world from outside of its processes: what was acknowledged, what became of it, and the first promise that was broken.
final class Monitor: Sendable {
    struct Known: Sendable {
        var id: JobID
        var tenantID: TenantID
        /// Its place among the tenant's jobs.
        var place: Int
        var isAcknowledged = false
        var ends = 0
        var hasURL: Bool
    }

    private struct Lease {
        var id: DeliveryLease
        /// Of the process that has it.
        var life: Int
        /// `nil`: the end of its process.
        var until: Timestamp?
        /// Whoever leased it knows, and lives.
        var isKnown = false
        /// Its attempt is being recorded, which ends it: another may be granted before that call returns.
        var isEnding = false
    }

    private struct State {
        var jobs: [JobID: Known] = [:]
        var order: [JobID] = []
        var lastPlace: [TenantID: Int] = [:]
        var backoffs: [TenantID: Timestamp] = [:]
        var deliveries: [String: Timestamp?] = [:]
        var deliveryLeases: [String: Lease] = [:]
        /// When jobs ended.
        var endedAt: [JobID: Duration] = [:]
        /// Callers that wait for a job, by their numbers.
        var callers: [Int: JobID] = [:]
        var lastCaller = 0
        var leases = WatchedLeases()
        var requests = WatchedRequests()
        var watched = WatchedDeliveries()
        var lastFault: Duration?
        /// When the receiver last refused a webhook.
        var lastRefusal: Duration?
        var failure: String?
        /// Tenants of merges under way, by the merges' ids.
        var merges: [Int64: Set<TenantID>] = [:]
    }

    private let state = Mutex(State())
    private let groups: [TenantID: Set<TenantID>]
    private let forgotten: Set<TenantID>

    /// - Parameters:
    ///   - groups: tenants that may become one.
    ///   - forgotten: names of which the jobs need not take effect in order.
    init(groups: [TenantID: Set<TenantID>], forgotten: Set<TenantID>) { (self.groups, self.forgotten) = (groups, forgotten) }

    var failure: String? { state.withLock { $0.failure } }

    /// A promise was broken. The first counts.
    func fail(_ text: String) { state.withLock { if $0.failure == nil { $0.failure = text } } }

    /// Something was made to go wrong; what follows from it may take until the next sweep.
    func fault(at now: Duration) { state.withLock { $0.lastFault = max($0.lastFault ?? now, now) } }

    func isDisturbed(at now: Duration, for calm: Duration) -> Bool {
        state.withLock { state in state.lastFault.map { now - $0 < calm } ?? false }
    }

    /// The receiver refused a webhook: if it was the last of several, it gets none for up to five minutes.
    func refused(at now: Duration) { state.withLock { $0.lastRefusal = max($0.lastRefusal ?? now, now) } }

    func mayBeDown(at now: Duration) -> Bool {
        state.withLock { state in state.lastRefusal.map { now - $0 < .seconds(310) } ?? false }
    }

    // MARK: Leases

    /// Looks at the leases, or changes what is known of them; what it returns is a promise that was broken.
    func leases(_ body: (inout WatchedLeases) -> String?) {
        if let broken = state.withLock({ body(&$0.leases) }) { fail(broken) }
    }

    /// The same for keys and uploads.
    func requests(_ body: (inout WatchedRequests) -> String?) {
        if let broken = state.withLock({ body(&$0.requests) }) { fail(broken) }
    }

    /// The same for attempts at webhooks.
    func deliveries(_ body: (inout WatchedDeliveries) -> String?) {
        if let broken = state.withLock({ body(&$0.watched) }) { fail(broken) }
    }
    func tell(_ body: (inout WatchedDeliveries) -> Void) { state.withLock { body(&$0.watched) } }

    var someoneAskedToWait: Bool { state.withLock { $0.watched.someoneAskedToWait } }

    /// By key the jobs that requests would have made.
    var attempts: [(key: WatchedRequests.Key, jobs: [JobID])] {
        state.withLock { $0.requests.attempts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    }

    // MARK: Jobs

    var jobs: [Known] { state.withLock { state in state.order.compactMap { state.jobs[$0] } } }

    func job(_ id: JobID) -> Known? { state.withLock { $0.jobs[id] } }

    /// A job is about to be submitted, after the tenant's other ones.
    func announce(_ id: JobID, of tenantID: TenantID, place: Int, hasURL: Bool) {
        state.withLock { state in
            state.jobs[id] = Known(id: id, tenantID: tenantID, place: place, hasURL: hasURL)
            state.order.append(id)
        }
    }

    func acknowledged(_ id: JobID) { state.withLock { $0.jobs[id]?.isAcknowledged = true } }

    /// The queue says that a job ended.
    func ended(_ id: JobID, at now: Duration) {
        let ends = state.withLock { state -> Int in
            state.endedAt[id] = now
            state.jobs[id]?.ends += 1
            return state.jobs[id]?.ends ?? 0
        }
        if ends > 1 { fail("a job ended twice") }
    }

    /// A process died: what it had committed, and not told anybody, is learnt here.
    func learn(_ job: Job, at now: Duration) {
        state.withLock { state in
            state.jobs[job.id]?.isAcknowledged = true
            if job.state.isEnd, state.endedAt[job.id] == nil { state.endedAt[job.id] = now }
            if job.state.isEnd, state.jobs[job.id]?.ends == 0 { state.jobs[job.id]?.ends = 1 }
        }
    }

    /// A batch of a job takes effect.
    func applied(_ id: JobID) {
        let isLate = state.withLock { state -> Bool in
            guard let job = state.jobs[id], job.place >= 0, !forgotten.contains(job.tenantID) else { return false }
            defer { state.lastPlace[job.tenantID] = max(job.place, state.lastPlace[job.tenantID] ?? 0) }
            return job.place < state.lastPlace[job.tenantID] ?? 0
        }
        if isLate { fail("a job's batch was applied after one of the tenant's next job") }
    }

    /// Jobs that were acknowledged and have not ended, but for those of tenants in backoff, or being merged.
    func waiting(at now: Timestamp) -> [Known] {
        state.withLock { state in
            state.order.compactMap { state.jobs[$0] }.filter { job in
                guard job.isAcknowledged, job.ends == 0 else { return false }
                let group = groups[job.tenantID] ?? [job.tenantID]
                return group.allSatisfy { tenantID in
                    (state.backoffs[tenantID].map { $0 <= now } ?? true)
                        && !state.merges.values.contains { $0.contains(tenantID) }
                }
            }
        }
    }

    func putOff(_ tenantID: TenantID, until moment: Timestamp) {
        state.withLock { $0.backoffs[tenantID] = max(moment, $0.backoffs[tenantID] ?? moment) }
    }

    // MARK: Merges

    var openMerges: [Int64] { state.withLock { $0.merges.keys.sorted() } }

    func began(_ merge: TenantMerge) { state.withLock { $0.merges[merge.id] = [merge.alias, merge.tenantID] } }

    func ended(merge id: Int64) { state.withLock { $0.merges[id] = nil } }

    /// What the queue says is all there is.
    func areOpen(_ merges: [TenantMerge]) {
        state.withLock { state in
            state.merges = Dictionary(uniqueKeysWithValues: merges.map { ($0.id, [$0.alias, $0.tenantID]) })
        }
    }

    // MARK: Callers

    /// A caller begins to wait for a job. Returns its number.
    func waits(for id: JobID) -> Int {
        state.withLock { state in
            state.lastCaller += 1
            state.callers[state.lastCaller] = id
            return state.lastCaller
        }
    }

    /// The caller has its answer, or its connection broke.
    func waitsNoMore(_ caller: Int) { state.withLock { $0.callers[caller] = nil } }

    func hasEnded(_ id: JobID, by now: Duration) -> Bool { state.withLock { $0.endedAt[id].map { $0 <= now } ?? false } }

    /// A job that somebody waits for, though it has ended by then.
    func unanswered(by now: Duration) -> Known? {
        state.withLock { state in
            state.callers.sorted { $0.key < $1.key }.lazy.map(\.value)
                .first { state.endedAt[$0].map { $0 <= now } ?? false }.flatMap { state.jobs[$0] }
        }
    }

    // MARK: Deliveries

    /// A job's end has posted a delivery. It may have been sent and recorded before the caller of that end hears of it.
    func posted(_ id: String, dueAt moment: Timestamp) {
        state.withLock { if $0.deliveries[id] == nil { $0.deliveries[id] = .some(moment) } }
    }

    /// When a delivery is due; `nil`: settled.
    func delivery(_ id: String, dueAt moment: Timestamp?) { state.withLock { $0.deliveries[id] = .some(moment) } }

    /// Deliveries that are due, and that nobody has: of those whose holder does not know it or is dead, the lease must run out.
    func overdue(at now: Timestamp) -> [String] {
        state.withLock { state in
            state.deliveries.filter { id, due in
                guard let due else { return false }
                let lease = state.deliveryLeases[id].flatMap { $0.isKnown ? nil : $0.until }
                return max(due, lease ?? due) <= now
            }.map(\.key).sorted()
        }
    }

    /// The queue gives a lease, whether or not its answer arrives.
    func leased(_ leased: LeasedDelivery, to life: Int, at now: Timestamp) {
        let isTaken = state.withLock { state in
            let before = state.deliveryLeases.updateValue(
                Lease(id: leased.lease, life: life, until: leased.expiresAt), forKey: leased.delivery.what.id)
            return before.map { !$0.isEnding && ($0.until.map { now < $0 } ?? true) } ?? false
        }
        if isTaken { fail("\(leased.delivery.what.id) was leased while it was held") }
    }

    /// The answer with the lease has arrived.
    func hasAnswer(_ leased: LeasedDelivery) {
        state.withLock { state in
            if state.deliveryLeases[leased.delivery.what.id]?.id == leased.lease {
                state.deliveryLeases[leased.delivery.what.id]?.isKnown = true
            }
        }
    }

    /// Its attempt is being recorded, or could not be.
    func isEnding(_ id: String, _ lease: DeliveryLease, _ isEnding: Bool) {
        state.withLock { if $0.deliveryLeases[id]?.id == lease { $0.deliveryLeases[id]?.isEnding = isEnding } }
    }

    func released(_ leased: LeasedDelivery) { released(leased.delivery.what.id, leased.lease) }

    func released(_ id: String, _ lease: DeliveryLease) {
        state.withLock { if $0.deliveryLeases[id]?.id == lease { $0.deliveryLeases[id] = nil } }
    }

    /// A process has ended: its leases run out, or are over with it.
    func processEnded(_ life: Int) {
        state.withLock { state in
            state.requests.processEnded(life)
            state.deliveryLeases = state.deliveryLeases.filter { $0.value.life != life || $0.value.until != nil }.mapValues {
                lease in
                var lease = lease
                if lease.life == life { lease.isKnown = false }
                return lease
            }
        }
    }

    var openDeliveries: Int { state.withLock { $0.deliveries.values.count { $0 != nil } } }
}
