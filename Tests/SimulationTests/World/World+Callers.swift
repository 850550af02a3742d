import JobQueue
import SyncEngine
import SyncModel

/// Those who submit jobs, and wait for them.
extension World {
    /// Submits a tenant's jobs, each after the one before it was acknowledged, and again where that is not known.
    func submit(of tenant: Int) async {
        await withDiscardingTaskGroup { callers in
            for (number, plan) in scenario.plans.enumerated() where plan.tenant == tenant {
                await pause(.milliseconds(plan.pause))
                if let request = plan.request {
                    if request.twin != nil { callers.addTask { await self.sendTwin(number, request) } }
                    guard let id = await send(number, request) else { return }
                    callers.addTask { await self.sendAgain(number, request, after: id) }
                    if plan.waits { callers.addTask { await self.wait(for: id) } }
                    continue
                }
                let job = scenario.job(number, at: WorldClock(executor: outside).wall.now())
                monitor.announce(job.id, of: job.tenantID, place: number, hasURL: plan.hasURL)
                await submit(job, plan.batches)
                if plan.waits { callers.addTask { await self.wait(for: job.id) } }
            }
        }
    }

    private func submit(_ job: NewJob, _ batches: [NewBatch]) async {
        while monitor.failure == nil {
            guard let life = await process() else { continue }
            do {
                _ = try await life.ask { queue, _ in try await queue.accept(job, upload: nil, batches: batches) }
                break
            } catch {
                // Was it accepted all the same?
                await pause(.milliseconds(300))
                guard let next = await process() else { continue }
                if (try? await next.ask({ queue, _ in try await queue.base.job(job.id) })) ?? nil != nil {
                    monitor.acknowledged(job.id)
                    break
                }
            }
        }
    }

    /// Waits for a job, as with `Prefer: wait`.
    private func wait(for id: JobID) async {
        guard let life = await process() else { return }
        let start = scheduler.now
        let caller = monitor.waits(for: id)
        let answer: Job?
        do {
            answer = try await life.ask { _, engine in await engine.ended(id, within: 10) }
        } catch {
            return monitor.waitsNoMore(caller)
        }
        monitor.waitsNoMore(caller)
        guard isRunning(life) else { return }
        if scheduler.now - start > .seconds(12) { monitor.fail("a caller who waits ten seconds had an answer too late") }
        if let job = answer, !job.state.isEnd { monitor.fail("a caller was told of the end of a job that is open") }
        if answer == nil, !monitor.isDisturbed(at: scheduler.now, for: .seconds(4)),
            monitor.hasEnded(id, by: scheduler.now - .seconds(2))
        {
            monitor.fail("a caller waited in vain for a job that had ended")
        }
    }
}
