import ServiceSupport
import SyncModel
import TestSupport
import Testing

@testable import SyncEngine

@Suite("Callers that wait for a job", .timeLimit(.minutes(5)))
struct JobCompletionsTests {
    private let clock = ManualClock()
    private let completions: JobCompletions
    private let found = Shared<Job?>(nil)
    private let looks = Shared(0)
    private let id: JobID

    init() {
        completions = JobCompletions(pause: 1, machine: Machine(clock: clock))
        id = JobID(now: clock.start)
    }

    private var job: Job {
        Job(
            id: id, operation: .userSync, tenantID: "a", tenantName: "A", source: "tests", state: .completed,
            syncTime: clock.start,
            acceptedAt: clock.start, totalUsers: 0, batches: 0, requestID: "r")
    }

    private func wait(_ seconds: Double = 25) -> Task<Job?, Never> {
        Task { [completions, id, found, looks] in
            await completions.wait(for: id, seconds: seconds) {
                looks.value += 1
                return found.value
            }
        }
    }

    /// A minute at most: a fault must fail here rather than hang.
    private func looked(_ count: Int) async -> Bool { await eventually(60) { looks.value >= count } }

    @Test("one whose job ended before has its answer without a signal")
    func before() async throws {
        found.value = job
        #expect(await wait().value == job)
        #expect(completions.count == 0)
    }

    @Test("a signal has it look at once; one for another job does not")
    func signal() async throws {
        let answer = wait()
        #expect(await looked(1))
        completions.ended(JobID(now: clock.start))
        found.value = job
        for _ in 0..<2 { completions.ended(id) }
        #expect(await answer.value == job)
        #expect(looks.value == 2)
        #expect(completions.count == 0)
    }

    @Test("it looks as often as the queue wishes: a lost signal delays the answer, and no more")
    func lostSignal() async {
        let executor = StepExecutor()
        let completions = JobCompletions(pause: 1, machine: Machine(clock: clock, executor: executor))
        let answer = Task(executorPreference: executor) { [id, found, looks] in
            await completions.wait(for: id, seconds: 25) {
                looks.value += 1
                return found.value
            }
        }
        for second in 1...4 {
            executor.runAll()
            #expect(looks.value == second)
            if second == 3 { found.value = job }
            if second < 4 { clock.advance(by: .seconds(1)) }
        }
        // Whoever has no answer yet would wait for ever: nothing moves the clock any more.
        completions.close()
        executor.runAll()
        #expect(await answer.value == job)
    }

    @Test("with a queue that loses no signal it looks rarely")
    func rarely() async throws {
        let completions = JobCompletions(pause: 5, machine: Machine(clock: clock))
        let waiting = Task { [id, looks] in
            await completions.wait(for: id, seconds: 25) {
                looks.value += 1
                return nil
            }
        }
        for look in 1...5 {
            #expect(await looked(look))
            for _ in 0..<5 {
                try await clock.sleepers(1)
                clock.advance(by: .seconds(1))
            }
        }
        #expect(await waiting.value == nil)
        #expect(looks.value == 5)
    }

    @Test("one whose job does not end is answered with nothing after its time")
    func time() async throws {
        let answer = wait(2.5)
        for pause in [1, 1, 0.5] as [Double] {
            try await clock.sleepers(1)
            clock.advance(by: .seconds(pause))
        }
        #expect(await answer.value == nil)
        #expect(completions.count == 0)
    }

    @Test("a look that takes its time holds up neither a cancelled caller nor the server's stop", arguments: [true, false])
    func hangs(isCancelled: Bool) async throws {
        let begun = Gauge()
        let goesOn = Gauge()
        let answer = Task { [completions, id] in
            await completions.wait(for: id, seconds: 25) {
                begun.set(1)
                try? await goesOn.reaches(1)
                return nil
            }
        }
        try await begun.reaches(1)
        if isCancelled { answer.cancel() } else { completions.close() }
        #expect(await answer.value == nil)
        #expect(completions.count == 0)
        goesOn.set(1)
    }

    @Test("once closed, a caller looks once and does not wait")
    func closed() async throws {
        completions.close()
        #expect(await wait().value == nil)
        #expect(looks.value == 1 && completions.count == 0)
    }

    @Test("while no time passes, the end of a job answers whoever waits for it")
    func engine() async throws {
        let goesOn = Gauge()
        let directory = ScriptedDirectory(taking: { batches, _ in
            try? await goesOn.reaches(1)
            return batches
        })
        try await EngineBench.run(machine: Machine(clock: ManualClock()), directory: directory) { bench in
            let id = try await bench.accept("a", users: 3)
            let answer = Shared<Job?>(nil)
            let waiting = Task { answer.value = await bench.engine.ended(id, within: 25) }
            #expect(await eventually(60) { bench.engine.completions.count == 1 && !directory.calls.isEmpty })
            goesOn.set(1)
            #expect(await eventually(60) { answer.value?.state == .completed })
            waiting.cancel()
            await waiting.value
        }
    }
}
