import JobQueue

/// The queue's signals as they reach a process: some are lost, some come twice, some late.
struct RoughSignals: Sendable {
    let weather: Weather

    func rough(_ observer: QueueObserver) -> QueueObserver {
        // What is impossible is not signalled to other processes; it is told here.
        var rough = observer
        rough.batchReady = { tenantID in self.pass("batch ready") { observer.batchReady(tenantID) } }
        rough.deliveryDue = { self.pass("delivery due") { observer.deliveryDue() } }
        rough.deliveryWanted = { id, destination in
            self.pass("delivery wanted", disturbs: false) { observer.deliveryWanted(id, destination) }
        }
        // An attempt under a lease that has ended costs a request, and does not count.
        rough.deliveryLeaseEnded = { id, lease in
            self.pass("delivery lease ended", disturbs: false) { observer.deliveryLeaseEnded(id, lease) }
        }
        rough.jobWaiting = { self.pass("job waiting") { observer.jobWaiting() } }
        // Whoever waits for it looks every second anyway.
        rough.jobEnded = { id in self.pass("job ended", disturbs: false) { observer.jobEnded(id) } }
        return rough
    }

    /// - Parameter disturbs: whether what the signal would have begun may wait for the next sweep.
    private func pass(_ name: String, disturbs: Bool = true, _ signal: @escaping @Sendable () -> Void) {
        let (executor, rate) = (weather.executor, weather.scenario.faults.signals)
        guard rate > 0, weather.isRough(), !executor.isDead,
            executor.draw({ Int.random(in: 0..<1_000, using: &$0) }) < rate
        else { return signal() }
        let (fate, pause) = executor.draw { (Int.random(in: 0..<3, using: &$0), Int.random(in: 1..<4_000, using: &$0)) }
        switch fate {
        case 0:
            executor.note("\(name) is lost")
            if disturbs { weather.monitor.fault(at: weather.scheduler.now) }
        case 1:
            signal()
            signal()
        default:
            executor.note("\(name) comes late")
            if disturbs { weather.monitor.fault(at: weather.scheduler.now + .milliseconds(pause)) }
            weather.scheduler.call(after: .milliseconds(pause), executor, signal)
        }
    }
}
