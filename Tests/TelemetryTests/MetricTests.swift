import Metrics
import Testing

@testable import Telemetry

@Suite("Metrics of ours")
struct MetricTests {
    @Test("what /metrics says is declared with the metric")
    func described() {
        _ = Metric("usersync_test_described_seconds", "Said once.", buckets: [1, 2]).timer()
        #expect(
            MetricCatalogue.shared["usersync_test_described_seconds"] == MetricDescription("Said once.", buckets: [1, 2]))
        let registry = PrometheusRegistry()
        Timer(label: "usersync_test_described", factory: registry).recordSeconds(1.5)
        let text = String(decoding: registry.render(), as: UTF8.self)
        #expect(text.contains("# HELP usersync_test_described_seconds Said once.\n"))
        #expect(text.contains(#"usersync_test_described_seconds_bucket{le="2"} 1"#))
    }

    @Test("one that is made without a description stops a debug build")
    func undescribed() async {
        await #expect(processExitsWith: .failure) {
            Counter(label: "usersync_test_undescribed_total", factory: PrometheusRegistry()).increment()
        }
        await #expect(processExitsWith: .success) {
            Counter(label: "other_test_undescribed_total", factory: PrometheusRegistry()).increment()
        }
    }
}
