import JobQueue
import SyncModel
import UserDirectory

extension World {
    /// Holds what the queue tells to what stands in the directory and to what the receiver took.
    func check() async {
        guard let life = await process() else { return }
        let users = directory.snapshot
        var sequences: [TenantID: (place: Int, sequence: Int64)] = [:]
        for known in monitor.jobs.sorted(by: { $0.place < $1.place }) {
            do {
                let found = try await life.ask { queue, _ in
                    (
                        try await queue.base.job(known.id),
                        try await queue.base.results(of: known.id, status: nil, limit: 1_000, cursor: nil).items,
                        try await queue.base.deliveries(of: known.id)
                    )
                }
                check(known, found.0, found.1, found.2, users)
                guard known.place >= 0, !scenario.forgottenNames.contains(known.tenantID), let job = found.0,
                    let sequence = job.sequence, job.counts.applied > 0
                else { continue }
                if let last = sequences[known.tenantID], last.sequence > sequence {
                    monitor.fail("\(known.tenantID).\(known.place) ended before \(last.place), which took effect before it")
                }
                sequences[known.tenantID] = (known.place, sequence)
            } catch {
                monitor.fail("\(known.tenantID).\(known.place) cannot be asked for: \(error)")
            }
        }
        await checkRequests(life)
        await checkMerges(life)
        for user in users.outcomes where user.value.count > 1 { monitor.fail("a user was applied twice") }
    }

    private func checkRequests(_ life: Life) async {
        do {
            for (key, jobs) in monitor.attempts {
                let found = try await life.ask { queue, _ in
                    var found = 0
                    for id in jobs where try await queue.base.job(id) != nil { found += 1 }
                    return found
                }
                if found != 1 { monitor.fail("\(found) jobs were accepted under \(key.key)") }
            }
            let left = try await life.ask { [store] queue, _ in try await store.leftovers(of: queue.base) }
            if left > 0 { monitor.fail("\(left) uploads that became no job are left") }
        } catch {
            monitor.fail("what is left of requests cannot be asked for: \(error)")
        }
    }

    private func checkMerges(_ life: Life) async {
        do {
            let merges = try await life.ask { queue, _ in try await queue.base.merges(limit: 100, cursor: nil).items }
            for merge in merges where !merge.state.isEnd || merge.endedAt == nil {
                monitor.fail("the merge of \(merge.alias) into \(merge.tenantID) is \(merge.state)")
            }
        } catch {
            monitor.fail("merges cannot be asked for: \(error)")
        }
    }

    private func check(
        _ known: Monitor.Known, _ job: Job?, _ results: [UserResult], _ deliveries: [Delivery], _ users: MemoryDirectory.State
    ) {
        let name = "\(known.tenantID).\(known.place)"
        guard let job else {
            if known.isAcknowledged { monitor.fail("\(name) was acknowledged and is gone") }
            return
        }
        if !job.state.isEnd { monitor.fail("\(name) has not ended") }
        if job.counts.settled != job.totalUsers { monitor.fail("\(name) has lost users: \(job.counts) of \(job.totalUsers)") }
        if job.counts.cancelled > 0, !job.cancelRequested { monitor.fail("\(name) cancelled users unasked") }
        if results.count != job.totalUsers - job.counts.cancelled || Set(results.map(\.applied.index)).count != results.count {
            monitor.fail("\(name) has \(results.count) results of \(job.totalUsers) users")
        }
        let told = Set(results.map { MemoryDirectory.User(jobID: job.id, index: $0.applied.index) })
        for result in results {
            let written = users.outcomes[MemoryDirectory.User(jobID: job.id, index: result.applied.index)]
            if result.applied.code == .retriesExhausted {
                if written != nil { monitor.fail("\(name) tells of spent tries where a user was applied") }
            } else if written != [result.applied.outcome] {
                monitor.fail("\(name) tells \(result.applied.outcome) of a user, the directory has \(written ?? [])")
            }
        }
        for user in users.outcomes.keys where user.jobID == job.id && !told.contains(user) {
            monitor.fail("\(name) does not tell of a user that was applied")
        }
        let logs = users.logs[job.id] ?? []
        // Three tries may fail in a row; then the job says so.
        let isUnlogged = job.warnings.contains { $0.contains("sync_logs refused") }
        if logs.count != 1, !(logs.isEmpty && isUnlogged) { monitor.fail("\(name) has \(logs.count) rows in the log") }
        if let log = logs.first, log.counts != job.counts { monitor.fail("\(name) logs \(log.counts), has \(job.counts)") }
        if deliveries.count != (known.hasURL ? 1 : 0) { monitor.fail("\(name) has \(deliveries.count) deliveries") }
        for delivery in deliveries {
            if delivery.state == .delivered, receiver.counts[delivery.what.id] == nil {
                monitor.fail("\(name) has a delivery that nobody took")
            }
            // No spell is long enough to use up the schedule.
            if delivery.state != .delivered { monitor.fail("\(name) has a delivery that is \(delivery.state)") }
            if scenario.sendsOnce, receiver.counts[delivery.what.id] != 1 {
                monitor.fail("\(name) has a delivery that was taken more than once")
            }
        }
    }
}
