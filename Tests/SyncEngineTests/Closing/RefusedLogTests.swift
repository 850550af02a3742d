import SyncModel
import TestSupport
import Testing
import UserDirectory

@testable import SyncEngine

@Suite("A row that sync_logs refuses")
struct RefusedLogTests {
    private static let warning = "The CRM's table sync_logs refused the row of this job"

    @Test("a job of several batches ends without its row after three tries, and says so; the jobs beside it have theirs")
    func refused() async throws {
        let ids = Shared<[JobID]>([])
        let directory = ScriptedDirectory(refusing: { jobs in
            jobs.contains { $0 == ids.value.first } ? .transient("constraint failed") : nil
        })
        try await EngineBench.run(
            sweepInterval: 3600, directory: directory,
            queued: { queue in
                for tenant in ["a", "b"] as [TenantID] {
                    ids.value.append(try await EngineBench.accept(queue, tenant, users: 250))
                }
                ids.value.append(try await EngineBench.accept(queue, "a", users: 150))
            }
        ) { bench in
            for id in ids.value {
                let job = try #require(await bench.engine.ended(id, within: 60))
                #expect(job.state == .completed && job.counts.successful == job.totalUsers)
                #expect(job.warnings == (id == ids.value[0] ? [Self.warning] : []))
            }
            #expect(directory.logged.count { $0 == [ids.value[0]] } >= 3)
            #expect(await bench.logs("error job ended without its row in sync_logs"))
            #expect(await bench.logs("error job ended without its row in sync_logs", times: 1))
        }
    }

    @Test("a job of one batch whose row is refused with it ends after three tries more, with a warning")
    func wholeJob() async throws {
        let ids = Shared<[JobID]>([])
        let directory = ScriptedDirectory(refusing: { jobs in
            jobs.contains { $0 == ids.value.first } ? .transient("constraint failed") : nil
        })
        try await EngineBench.run(
            sweepInterval: 3600, directory: directory,
            queued: { queue in
                for _ in 0..<2 { ids.value.append(try await EngineBench.accept(queue, "a", users: 1)) }
            }
        ) { bench in
            for id in ids.value {
                let job = try #require(await bench.engine.ended(id, within: 60))
                #expect(job.state == .completed && job.warnings == (id == ids.value[0] ? [Self.warning] : []))
                #expect(job.sequence == (id == ids.value[0] ? 1 : 2))
            }
        }
    }

    @Test("a row that is refused twice and then taken is written, and nobody is warned")
    func takenInTheEnd() async throws {
        let refusals = Shared(0)
        let directory = ScriptedDirectory(refusing: { _ in
            refusals.value += 1
            // Once with the others of the sweep, twice alone.
            return refusals.value <= 3 ? .transient("constraint failed") : nil
        })
        try await EngineBench.run(sweepInterval: 3600, directory: directory) { bench in
            let id = try await bench.accept("a", users: 250)
            let job = try #require(await bench.engine.ended(id, within: 60))
            #expect(job.state == .completed && job.warnings.isEmpty && directory.logged.count == 4)
        }
    }

    @Test("a directory that is away while a job is to be logged keeps it open until it is back")
    func away() async throws {
        let refusals = Shared(0)
        let directory = ScriptedDirectory(refusing: { _ in
            refusals.value += 1
            return refusals.value <= 2 ? .unavailable("disk full") : nil
        })
        try await EngineBench.run(sweepInterval: 0.02, directory: directory) { bench in
            let id = try await bench.accept("a", users: 250)
            let job = try #require(await bench.engine.ended(id, within: 60))
            #expect(job.state == .completed && job.warnings.isEmpty && directory.logged.count == 3)
        }
    }
}
