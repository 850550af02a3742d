import SyncModel
import UserDirectory
import UserDirectorySQLite

/// A job's batches applied as the engine does, several to a commit.
enum JobRun {
    /// Batches in one commit: an engine that is alone takes more, one with other tenants about takes fewer.
    private static let batchesPerCommit = 10

    /// - Parameter database: path of the directory's file; one that is absent is made.
    /// - Returns: what became of each user.
    static func apply(_ job: BodyIntake.Job, to database: String) async throws -> [UserOutcome] {
        let clock = WallClock { [moment = job.syncTime] in moment.advanced(bySeconds: 1) }
        let directory = SQLiteUserDirectory(path: database, emailScope: .global, clock: clock)
        var constant = ConstantGenerator()
        let jobID = JobID(now: job.syncTime, random: &constant)
        let work = job.batches.enumerated().map { number, batch in
            BatchWork(
                jobID: jobID, number: number, tenantID: job.tenantID, operation: .userSync, syncTime: job.syncTime,
                isLastPass: false, payload: batch.payload)
        }
        var outcomes: [UserOutcome] = []
        var rest = work[...]
        while !rest.isEmpty {
            let applied = try await directory.apply(Array(rest.prefix(batchesPerCommit)), closeEarly: { false })
            for batch in applied { outcomes += batch.users.map(\.outcome) }
            rest = rest.dropFirst(applied.count)
        }
        await directory.close()
        return outcomes
    }
}

/// Makes the same job id of the same moment.
private struct ConstantGenerator: RandomNumberGenerator {
    mutating func next() -> UInt64 { 0x9E37_79B9_7F4A_7C15 }
}
