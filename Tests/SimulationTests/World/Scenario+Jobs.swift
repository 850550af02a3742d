import JobQueue
import SyncModel
import TestSupport

extension Scenario {
    /// The same for the same number, so that it can be named before it was submitted.
    func id(of number: Int) -> JobID {
        var random = SeededGenerator(seed: seed ^ UInt64(number))
        return JobID(now: WorldClock.start.advanced(bySeconds: Double(number)), random: &random)
    }

    func job(_ number: Int, at now: Timestamp) -> NewJob {
        let plan = plans[number]
        var job = NewJob(
            id: id(of: number), operation: .userSync, tenantID: Self.tenant(plan.tenant), tenantName: "T", source: "tests",
            syncTime: now, acceptedAt: now, totalUsers: plan.users.count, requestID: "r")
        if plan.hasURL { job.callbackURL = Self.origin(of: plan.tenant % Self.destinations) + "/hook" }
        return job
    }
}

extension Scenario.Plan {
    var batches: [NewBatch] {
        stride(from: 0, to: users.count, by: batchSize).map { first in
            let last = min(first + batchSize, users.count) - 1
            var writer = UserRecordWriter()
            for index in first...last {
                let user = users[index]
                writer.begin(index: UInt32(index))
                writer.set(.id, text: "u\(user.id)")
                writer.set(.email, text: "e\(user.email)@x.io")
                writer.set(.name, text: user.isBad ? MemoryDirectory.State.bad : "N")
                writer.end()
            }
            return NewBatch(payload: BatchPayload(writer), firstIndex: UInt32(first), lastIndex: UInt32(last))
        }
    }
}
