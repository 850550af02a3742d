import JobQueue
import SyncModel

/// Those whose requests arrive in parts or under a key.
extension World {
    /// Sends a request until it is acknowledged.
    /// - Parameter first: the number of the first attempt.
    /// - Returns: the job; `nil` if the world is over.
    @discardableResult
    func send(_ number: Int, _ request: Scenario.Request, from first: Int = 0) async -> JobID? {
        var attempt = 0
        while monitor.failure == nil {
            defer { attempt += 1 }
            switch await send(number, request, attempt: first + attempt, body: 0) {
            case .accepted(let id)?, .known(let id, isSame: true)?: return id
            case .known(_, isSame: false)?: monitor.fail("a request is taken for another one under its key")
            // A claim of a process that died may have to run out.
            case .arriving?: await pause(.seconds(attempt < 10 ? 1 : 20))
            case nil: await pause(.milliseconds(300))
            }
        }
        return nil
    }

    /// The same once more, beside the first.
    func sendTwin(_ number: Int, _ request: Scenario.Request) async {
        guard let twin = request.twin else { return }
        await pause(.milliseconds(twin))
        await send(number, request, from: 500)
    }

    /// The same again, and another body under its key, once it was acknowledged.
    func sendAgain(_ number: Int, _ request: Scenario.Request, after id: JobID) async {
        let bodies: [UInt8] = Array(repeating: 0, count: request.replays) + (request.sendsOther ? [1] : [])
        for (attempt, body) in bodies.enumerated() {
            let answer = await send(number, request, attempt: 1_000 + attempt, body: body)
            switch answer {
            // Nothing is known where the process died, or the answer was lost.
            case nil: continue
            case .known(let known, let isSame)? where known == id && isSame == (body == 0): continue
            default: monitor.fail("a request that was acknowledged is answered with \(answer.map { "\($0)" } ?? "")")
            }
        }
    }

    /// Sends a request once.
    /// - Parameters:
    ///   - attempt: tells its job from those of the other attempts.
    ///   - body: 0, or another body than the job's.
    /// - Returns: `nil` where it was refused, or nobody knows.
    private func send(_ number: Int, _ request: Scenario.Request, attempt: Int, body: UInt8) async -> Arrival.Answer? {
        guard let life = await process() else { return nil }
        let plan = scenario.plans[number]
        var job = scenario.job(number, at: WorldClock(executor: outside).wall.now())
        if attempt > 0, request.isKeyed { job.id = scenario.id(of: number + 1_000 * attempt) }
        let isFirst = monitor.job(job.id) == nil
        if isFirst { monitor.announce(job.id, of: job.tenantID, place: number, hasURL: plan.hasURL) }
        let key = request.isKeyed ? "k\(number)" : nil
        if let key {
            monitor.requests { [id = job.id] requests in
                requests.tries(id, under: WatchedRequests.Key(key))
                return nil
            }
        }
        do {
            let arrival = Arrival(
                job: job, batches: plan.batches, request: request, key: key, body: body, isFirst: attempt == 0 && isFirst)
            return try await life.ask { queue, _ in try await arrival.arrive(at: queue) }
        } catch {
            guard !request.isKeyed else { return nil }
            // Was it accepted all the same?
            await pause(.milliseconds(300))
            guard let next = await process(),
                (try? await next.ask({ [id = job.id] queue, _ in try await queue.base.job(id) })) ?? nil != nil
            else { return nil }
            monitor.acknowledged(job.id)
            return .accepted(job.id)
        }
    }
}
