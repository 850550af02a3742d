import JobQueue
import JobQueueSQLite
import SyncModel
import TestSupport
import Testing
import UserDirectory

@testable import SyncEngine

@Suite("A merge that the directory fails to carry out")
struct FailingMergeTests {
    /// Begins a merge of `b` into `a` once both have ended a job.
    private func begin(_ bench: EngineBench) async throws -> Int64 {
        for tenant in ["a", "b"] as [TenantID] {
            let id = try await bench.accept(tenant, users: 1)
            #expect(await bench.engine.ended(id, within: 60)?.state == .completed)
        }
        _ = try await bench.engine.beginMerge(of: "b", into: "a")
        return try #require(try await bench.queue.openMerges().first?.id)
    }

    @Test("is refused after some time, and what waits for it goes on")
    func refused() async throws {
        var ahead = UserMerge()
        ahead.moved = 1
        let directory = ScriptedDirectory(merging: { [ahead] in $0 ? .success(ahead) : .failure(.unavailable("the disk is full"))
        })
        try await EngineBench.run(sweepInterval: 0.01, directory: directory, longestMergeFailure: 0.05) { bench in
            let id = try await begin(bench)
            let waiting = try await bench.accept("b", users: 2)
            #expect(await bench.engine.ended(waiting, within: 60)?.state == .completed)
            let merge = try #require(try await bench.queue.merge(id))
            #expect(merge.state == .refused && merge.error == "it could not be carried out: the disk is full")
            #expect(try await bench.queue.job(waiting)?.tenantID == "b")
        }
    }

    @Test("is not refused if it was done all the same, or if that is not known")
    func done() async throws {
        let tries = Shared(0)
        let directory = ScriptedDirectory(merging: { isPreview in
            if isPreview { return tries.value < 3 ? .failure(.unavailable("locked")) : .success(UserMerge()) }
            tries.value += 1
            return tries.value < 4 ? .failure(.unavailable("the answer is lost")) : .success(UserMerge())
        })
        try await EngineBench.run(sweepInterval: 0.01, directory: directory, longestMergeFailure: 0) { bench in
            let id = try await begin(bench)
            #expect(await eventually { (try? await bench.queue.merge(id)?.state) == .merged })
        }
    }
}
