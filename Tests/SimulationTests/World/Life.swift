import Foundation
import JobQueue
import Logging
import ServiceLifecycleTestKit
import ServiceSupport
import SyncModel
import Synchronization

@testable import Webhooks
@testable import SyncEngine

/// One life of the process: queue, engine, courier and maintenance, all of it the real thing, on an executor of its own.
final class Life: Sendable {
    struct Died: Error {}

    /// Of all lives in the world.
    let number: Int
    let executor: SeededExecutor
    let queue: RoughQueue
    let engine: Engine
    private let services: [Service]
    private let calls = Mutex<(last: Int, open: [Int: @Sendable () -> Void])>((0, [:]))

    /// A service that runs, and how to stop it.
    private struct Service: Sendable {
        let task: Task<Void, Never>
        let trigger: Trigger
    }

    init(
        _ base: any JobQueue, weather: Weather, directory: RoughDirectory, receiver: Receiver
    ) {
        let (scenario, monitor) = (weather.scenario, weather.monitor)
        number = weather.life
        executor = weather.executor
        let queue = RoughQueue(base, weather: weather)
        self.queue = queue
        let clock = WorldClock(executor: executor)
        let random: @Sendable () -> Double = { [executor] in executor.draw { Double.random(in: 0..<1, using: &$0) } }
        let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        let engine = Engine(
            queue: queue, directory: directory,
            configuration: EngineConfiguration(
                workers: scenario.workers, webhookURL: nil, publicURL: nil,
                retry: RetryPolicy(maxAttempts: 4, base: 0.5, cap: 4), batchesPerCommit: scenario.batchesPerCommit,
                smallJobsPerCommit: scenario.smallJobsPerCommit, tenantsPerCommit: scenario.tenantsPerCommit,
                sweepInterval: scenario.sweepSeconds, leaseSeconds: scenario.leaseSeconds),
            machine: Machine(clock: clock, executor: executor, random: random), logger: logger,
            impossible: { monitor.fail("\($0)") }, draining: { false })
        self.engine = engine
        let courier = WebhookCourier(
            outbox: queue, limits: CourierLimits(), clock: clock, executor: executor, random: random,
            sender: RoughSender(receiver: receiver, weather: weather), logger: logger, impossible: { monitor.fail("\($0)") })
        var settings = MaintenanceSettings()
        settings.interval = .seconds(scenario.sweepSeconds)
        settings.ledgerMargin = scenario.ledgerMargin
        settings.uploadPause = scenario.uploadPause
        if scenario.hasRequests { settings.roundsPerPruning = 2 }
        let maintenance = Maintenance(
            queue: queue, directory: directory, settings: settings, clock: clock, isQuiet: { engine.isIdle }, logger: logger)
        let runs: [@Sendable () async -> Void] = [
            { try? await engine.run() }, { await courier.run() }, { await maintenance.run() },
        ]
        services = runs.map { [executor] run in Self.start(run, executor) }
    }

    private static func start(_ run: @escaping @Sendable () async -> Void, _ executor: SeededExecutor) -> Service {
        let trigger = Trigger()
        let task = Task(executorPreference: executor) {
            await testGracefulShutdown { stop in
                trigger.set(stop)
                await run()
            }
        }
        return Service(task: task, trigger: trigger)
    }

    // MARK: Asking it

    /// Has a call made by the process; throws `Died` where that ends before it has answered.
    func ask<T: Sendable>(_ body: @escaping @Sendable (RoughQueue, Engine) async throws -> T) async throws -> T {
        let number = calls.withLock { calls in
            calls.last += 1
            return calls.last
        }
        return try await withCheckedThrowingContinuation { (answer: CheckedContinuation<T, any Error>) in
            guard !executor.isDead else { return answer.resume(throwing: Died()) }
            calls.withLock { $0.open[number] = { answer.resume(throwing: Died()) } }
            Task(executorPreference: executor) { [self] in
                let result: Result<T, any Error>
                do { result = .success(try await body(queue, engine)) } catch { result = .failure(error) }
                if calls.withLock({ $0.open.removeValue(forKey: number) }) != nil { answer.resume(with: result) }
            }
        }
    }

    // MARK: Its end

    /// Ends it as SIGTERM does: each service before the ones that it needs.
    func stop() async {
        for service in services {
            service.trigger.fire()
            await service.task.value
        }
    }

    /// Ends it as SIGKILL does. What it held is given back by `bury`.
    func kill() {
        // First of all: what the dead one does elsewhere answers nobody.
        let open = calls.withLock { calls in
            defer { calls.open = [:] }
            return calls.open.sorted { $0.key < $1.key }.map(\.value)
        }
        executor.die()
        for service in services { service.task.cancel() }
        for fail in open { fail() }
    }

    /// Waits until nothing of a dead one is left; on other threads than the world's.
    func bury() async {
        for service in services {
            service.trigger.fire()
            service.task.cancel()
        }
        for service in services { await service.task.value }
        await queue.base.close()
    }
}

/// Stops a service, whenever it comes to listen.
private final class Trigger: Sendable {
    private let state = Mutex<(stop: GracefulShutdownTestTrigger?, isFired: Bool)>((nil, false))

    func set(_ stop: GracefulShutdownTestTrigger) {
        let isFired = state.withLock { state in
            state.stop = stop
            return state.isFired
        }
        if isFired { stop.triggerGracefulShutdown() }
    }

    func fire() {
        let stop = state.withLock { state in
            state.isFired = true
            return state.stop
        }
        stop?.triggerGracefulShutdown()
    }
}
