import Foundation
import JobQueue
import JobQueueSQLite
import Logging
import ServiceLifecycle
import ServiceSupport
import SyncEngine
import SyncModel
import Testing
import TestSupport
import UserDirectory

/// The engine between a real queue and a directory in memory.
struct EngineBench: Sendable {
    let queue: SQLiteJobQueue
    let directory: ScriptedDirectory
    let engine: Engine
    let log: TestLog

    /// - Parameters:
    ///   - queued: what stands in the queue before the engine runs; what it tells the observer is lost.
    ///   - expected: what is to make moves that the states do not allow.
    ///   - body: runs beside the engine, which is stopped when it returns.
    static func run(
        workers: Int = 2, retry: RetryPolicy = .batches, sweepInterval: Double = 5,
        webhookURL: String? = nil, machine: Machine = .real,
        directory: ScriptedDirectory = ScriptedDirectory(), impossible expected: Set<ImpossibleTransition.Subject> = [],
        longestMergeFailure: Double = 600,
        queued: (SQLiteJobQueue) async throws -> Void = { _ in },
        _ body: (EngineBench) async throws -> Void
    ) async throws {
        let folder = try TemporaryDirectory()
        defer { withExtendedLifetime(folder) {} }
        let clock = WallClock { Timestamp(seconds: Date().timeIntervalSince1970) }
        let queue = try await SQLiteJobQueue.open(path: folder.path + "/queue.sqlite", clock: clock)
        try await queued(queue)
        let log = TestLog()
        let impossible = Shared<[ImpossibleTransition]>([])
        var configuration = EngineConfiguration(
            workers: workers, webhookURL: webhookURL, publicURL: nil, retry: retry, sweepInterval: sweepInterval)
        configuration.longestMergeFailure = longestMergeFailure
        let engine = Engine(
            queue: queue, directory: directory, configuration: configuration,
            machine: machine, logger: Logger(label: "engine") { _ in log },
            impossible: { impossible.value.append($0) }, draining: { false })
        let group = ServiceGroup(services: [engine], logger: Logger(label: "group") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body(EngineBench(queue: queue, directory: directory, engine: engine, log: log))
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
        }
        await queue.close()
        #expect(Set(impossible.value.map(\.subject)) == expected, "\(impossible.value)")
    }

    /// Whether a line is logged within a minute: some come after what others wait for.
    func logs(_ line: String) async -> Bool {
        await eventually { log.lines.contains(line) }
    }

    /// Whether a line is logged so often, and no more often, within a minute.
    func logs(_ line: String, times: Int) async -> Bool {
        func count() -> Int { log.lines.count { $0 == line } }
        return await eventually { count() >= times } && count() == times
    }

    /// Accepts a job of `users` users in batches of 100.
    static func accept(_ queue: any JobQueue, _ tenantID: TenantID, users: Int) async throws -> JobID {
        let now = Timestamp(seconds: Date().timeIntervalSince1970)
        let job = NewJob(
            id: JobID(now: now), operation: .userSync, tenantID: tenantID, tenantName: "", source: "tests", syncTime: now,
            acceptedAt: now, totalUsers: users, requestID: "")
        let batches = stride(from: 0, to: users, by: 100).map { first in
            let last = min(first + 100, users) - 1
            var writer = UserRecordWriter()
            for index in first...last {
                writer.begin(index: UInt32(index))
                writer.set(.id, text: "u\(index)")
                writer.set(.email, text: "u\(index)@x.io")
                writer.set(.name, text: "N")
                writer.end()
            }
            return NewBatch(payload: BatchPayload(writer), firstIndex: UInt32(first), lastIndex: UInt32(last))
        }
        _ = try await queue.accept(job, upload: nil, batches: batches)
        return job.id
    }

    func accept(_ tenantID: TenantID, users: Int) async throws -> JobID {
        try await EngineBench.accept(queue, tenantID, users: users)
    }
}
