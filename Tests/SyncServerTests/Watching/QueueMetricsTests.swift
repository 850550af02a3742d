import JobQueue
import SyncEngine
import SyncModel
import Telemetry
import Testing

@testable import SyncServer

@Suite("The queue's metrics")
struct QueueMetricsTests {
    private let optional: Set = ["usersync_queue_wal_bytes", "usersync_queue_free_disk_bytes"]

    @Test("leave out figures that the store does not have")
    func absent() {
        #expect(optional.isDisjoint(with: names(QueueStatistics())))
    }

    @Test("show figures that the store has, zero or not")
    func present() {
        var statistics = QueueStatistics()
        (statistics.logBytes, statistics.freeDiskBytes) = (0, 1)
        #expect(names(statistics).isSuperset(of: optional))
    }

    private func names(_ statistics: QueueStatistics) -> Set<String> {
        let now = Timestamp(microseconds: 0)
        let engine = EngineStatus(
            workersActive: 0, workersIdle: 0, usersPerSecond1m: 0, usersPerSecond5m: 0,
            directory: DirectoryHealth(state: .ok, since: now, error: nil), draining: false)
        return Set(QueueMetrics.gauges(queue: statistics, engine: engine, now: now).map(\.name))
    }
}
