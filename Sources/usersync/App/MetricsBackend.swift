import JobQueue
import Metrics
import SyncEngine
import SyncModel
import SyncServer

/// The process's one metrics backend; swift-metrics can be bootstrapped only once.
enum MetricsBackend {
    static let shared: PrometheusRegistry = {
        let registry = PrometheusRegistry(descriptions: MetricDescription.usersync)
        MetricsSystem.bootstrap(registry)
        return registry
    }()

    /// All metrics as Prometheus text: what was counted, and the figures of the queue, which are left out if it cannot be read.
    static func render(_ registry: PrometheusRegistry, queue: any JobQueue, engine: any EngineControl, now: Timestamp) async
        -> [UInt8]
    {
        let counted = registry.render()
        guard let statistics = try? await queue.statistics(now: now) else { return counted }
        return counted + QueueMetrics.render(queue: statistics, engine: await engine.status(), now: now)
    }
}
