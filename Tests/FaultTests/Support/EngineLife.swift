import Foundation
import JobQueue
import JobQueueSQLite
import Logging
import ServerTestSupport
import ServiceLifecycle
import SyncEngine
import SyncModel
import UserDirectory
import TestSupport
import UserDirectorySQLite

import UsersyncApp

/// Queue, directory and engine of one process's life, on the files of a folder; without HTTP.
struct EngineLife: Sendable {
    static let webhookURL = "http://127.0.0.1:9/hook"
    static let tries = 3

    let queue: SQLiteJobQueue
    let directory: LateDirectory
    let engine: Engine
    private let group: ServiceGroup
    private let running: Task<Void, any Error>

    /// - Parameter impatience: the share of calls to the directory that are given up.
    static func begin(in folder: URL, impatience: Double, random: SeededGenerator) async throws -> EngineLife {
        let clock = TestClock.running().wallClock
        let queue = try await SQLiteJobQueue.open(
            path: folder.appending(path: "data/queue.sqlite").path, clock: clock)
        let directory = LateDirectory(
            SQLiteUserDirectory(path: folder.appending(path: "data/crm.sqlite").path, emailScope: .global, clock: clock),
            impatience: impatience, random: random)
        try await directory.prepare()
        var logger = Logger(label: "life") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        let engine = Engine(
            queue: queue, directory: directory,
            configuration: EngineConfiguration(
                workers: 2, webhookURL: webhookURL, publicURL: nil, retry: RetryPolicy(maxAttempts: tries, base: 0.01, cap: 0.05),
                batchesPerCommit: 3, sweepInterval: 0.1),
            logger: logger, draining: { false })
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: engine)], logger: logger)
        configuration.maximumGracefulShutdownDuration = .milliseconds(200)
        let group = ServiceGroup(configuration: configuration)
        // Unstructured: it outlives this call; `end` waits for it.
        return EngineLife(
            queue: queue, directory: directory, engine: engine, group: group, running: Task { try await group.run() })
    }

    /// Lets go of the queue, as a process does that is dead to everybody but the directory: what it asked of that may still be
    /// carried out.
    func abandon() async {
        await queue.close()
        await group.triggerGracefulShutdown()
    }

    /// Waits until nothing of it is left.
    func end() async {
        await abandon()
        _ = await running.result
        await directory.settle()
        await directory.close()
    }
}
