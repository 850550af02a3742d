import Metrics

/// The process's one metrics backend; swift-metrics can be bootstrapped only once.
package enum MetricsBackend {
    /// Touch it before any metric is made: those made earlier count nothing.
    package static let shared: PrometheusRegistry = {
        let registry = PrometheusRegistry()
        MetricsSystem.bootstrap(registry)
        return registry
    }()
}
