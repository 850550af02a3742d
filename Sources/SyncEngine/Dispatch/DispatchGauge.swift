import Synchronization

/// What others may know of the dispatcher without waiting for it: the directory asks at each batch boundary of a commit.
final class DispatchGauge: Sendable {
    private let waiting = Atomic<Int>(0)
    private let running = Atomic<Int>(0)
    private let applying = Atomic<Int>(0)
    private let isStopping = Atomic<Bool>(false)

    /// - Parameters:
    ///   - waiting: tenants and turns that wait for a worker.
    ///   - running: turns being worked on.
    ///   - applying: those of them whose commit does not stand yet: one is in it, the others wait for the directory.
    func set(waiting: Int, running: Int, applying: Int) {
        self.waiting.store(waiting, ordering: .relaxed)
        self.running.store(running, ordering: .relaxed)
        self.applying.store(applying, ordering: .relaxed)
    }

    func stop() { isStopping.store(true, ordering: .relaxed) }

    var isStopped: Bool { isStopping.load(ordering: .relaxed) }

    /// A tenant or a turn waits for a worker.
    var isAnybodyWaiting: Bool { waiting.load(ordering: .relaxed) > 0 }

    /// A worker waits for the directory while another's commit goes on: a bulk's gives way to it too.
    var othersWaitForDirectory: Bool { applying.load(ordering: .relaxed) > 1 }

    /// Nothing is worked on and nobody waits.
    var isIdle: Bool { waiting.load(ordering: .relaxed) == 0 && running.load(ordering: .relaxed) == 0 }
}
