import Dispatch
import Synchronization
import TestSupport

/// Hands the jobs of one simulated process to the scheduler. Once the process is dead they run elsewhere and to no effect, so that
/// what they hold is given back.
final class SeededExecutor: TaskExecutor {
    let scheduler: Scheduler
    private let dead = Atomic<Bool>(false)

    init(_ scheduler: Scheduler) { self.scheduler = scheduler }

    var isDead: Bool { dead.load(ordering: .acquiring) }

    func enqueue(_ job: consuming ExecutorJob) { add(.job(UnownedJob(job))) }

    func add(_ work: Scheduler.Work) {
        if isDead { runElsewhere(work) } else { scheduler.add(work, self) }
    }

    func run(_ work: Scheduler.Work) {
        switch work {
        case .job(let job): job.runSynchronously(on: asUnownedTaskExecutor())
        case .call(let body): body()
        }
    }

    /// Draws from the world's generator; the dead draw from another, for they run beside the world.
    func draw<T>(_ body: (inout SeededGenerator) -> T) -> T {
        var other = SeededGenerator(seed: 0)
        return isDead ? body(&other) : scheduler.draw(body)
    }

    /// Writes an event into the world's trace; what the dead do is none.
    func note(_ text: String) { if !isDead { scheduler.note(text) } }

    /// The process ends here, between two steps.
    func die() {
        dead.store(true, ordering: .releasing)
        let (work, alarms) = scheduler.remove(self)
        for work in work { runElsewhere(work) }
        for alarm in alarms { alarm.ring(false) }
    }

    private func runElsewhere(_ work: Scheduler.Work) { DispatchQueue.global().async { self.run(work) } }
}
