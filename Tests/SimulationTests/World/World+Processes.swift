import JobQueue
import SyncModel
import Synchronization

@testable import SyncEngine

/// How processes start and end.
extension World {
    func start(_ process: Int) async {
        let executor = SeededExecutor(scheduler)
        let number = state.withLock { state in
            state.lastLife += 1
            return state.lastLife
        }
        let weather = Weather(
            scenario: scenario, life: number, scheduler: scheduler, executor: executor, monitor: monitor,
            isRough: { self.state.withLock { $0.isRough } })
        let clock = WorldClock(executor: executor).wall(ahead: scenario.clocksAhead[process])
        let directory = RoughDirectory(
            self.directory, weather: weather, clock: clock, queueClock: WorldClock(executor: executor).wall,
            isAway: { call in
                self.state.withLock { state in state.isAway && !(state.letsProbes && ["prepare", "probe"].contains(call)) }
            })
        let life = await Task(executorPreference: executor) { [store, receiver, monitor] () -> Life? in
            do {
                let queue = try await store.open(clock: clock, executor: executor)
                // Before anything moves: what the process before committed and told nobody.
                for known in monitor.jobs {
                    if let job = try await queue.job(known.id) { monitor.learn(job, at: weather.scheduler.now) }
                    for delivery in try await queue.deliveries(of: known.id) {
                        monitor.delivery(delivery.what.id, dueAt: delivery.nextAttemptAt)
                        monitor.deliveries { $0.tells(delivery) }
                    }
                }
                return Life(queue, weather: weather, directory: directory, receiver: receiver)
            } catch {
                monitor.fail("the queue does not open: \(error)")
                return nil
            }
        }.value
        scheduler.note("start \(process)")
        let waiting = state.withLock { state in
            state.lives[process] = life
            defer { state.starts = [] }
            return state.starts
        }
        for one in waiting { one.resume() }
    }

    /// One of the processes that run now, or the next one to start.
    func process() async -> Life? {
        await withCheckedContinuation { (started: CheckedContinuation<Void, Never>) in
            let isThere = state.withLock { state in
                let isThere = state.lives.contains { $0 != nil }
                if !isThere { state.starts.append(started) }
                return isThere
            }
            if isThere { started.resume() }
        }
        let running = state.withLock { $0.lives.compactMap { $0 } }
        guard running.count > 1 else { return running.first }
        return running[scheduler.draw { Int.random(in: 0..<running.count, using: &$0) }]
    }

    /// Whether it runs now, and neither starts nor stops.
    func isRunning(_ life: Life) -> Bool { state.withLock { $0.lives.contains { $0 === life } } }

    private func leave(_ process: Int) -> Life? {
        state.withLock { state in
            defer { state.lives[process] = nil }
            return state.lives[process]
        }
    }

    func kill(_ process: Int) async {
        guard let life = leave(process) else { return }
        scheduler.note("kill \(process)")
        monitor.fault(at: scheduler.now)
        await store.cut(life.queue.base)
        life.kill()
        monitor.processEnded(life.number)
        state.withLock { $0.dead.append(life) }
        await start(process)
    }

    func stop(_ process: Int) async {
        guard let life = leave(process) else { return }
        scheduler.note("stop \(process)")
        monitor.fault(at: scheduler.now)
        await life.stop()
        await Task(executorPreference: life.executor) { await life.queue.close() }.value
        life.kill()
        monitor.processEnded(life.number)
        state.withLock { $0.dead.append(life) }
        await start(process)
    }
}
