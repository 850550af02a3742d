import Metrics
import SyncServer

/// The process's one metrics backend; swift-metrics takes it once.
enum MetricsBackend {
    static let shared: PrometheusRegistry = {
        let registry = PrometheusRegistry()
        MetricsSystem.bootstrap(registry)
        return registry
    }()
}
