package import Metrics
import SyncModel
import Synchronization

/// The metrics backend: keeps what swift-metrics reports and renders it in the Prometheus text format, version 0.0.4.
///
/// Counting touches atomics only; a lock guards the table of series, which changes when a metric is made. Supports counters,
/// meters and non-aggregating recorders (gauges), aggregating recorders (histograms) and timers (histograms, in seconds).
package final class PrometheusRegistry: MetricsFactory, Sendable {
    enum Kind: String {
        case counter, gauge, histogram
    }

    enum Cell {
        case counter(CounterCell)
        case floatingPointCounter(FloatingPointCounterCell)
        case gauge(GaugeCell)
        case histogram(HistogramCell)

        var object: AnyObject {
            switch self {
            case .counter(let cell): cell
            case .floatingPointCounter(let cell): cell
            case .gauge(let cell): cell
            case .histogram(let cell): cell
            }
        }
    }

    struct Family {
        let kind: Kind
        /// By rendered labels, byte for byte: label sets that Prometheus distinguishes are distinct here.
        var series: [ExactText: Cell] = [:]
    }

    struct State {
        var families: [String: Family] = [:]
        /// Series that found no place.
        var refused = 0
    }

    private let state = Mutex(State())
    private let catalogue: MetricCatalogue
    private let maxSeries: Int

    /// The value of every label in the series that takes what exceeds the limit.
    package static let overflow = "overflow"
    /// What the names of our metrics begin with.
    private static let ours = "usersync_"
    /// The registry's metric about itself.
    static let refusedName = "usersync_metrics_series_refused_total"

    /// - Parameters:
    ///   - catalogue: help texts and buckets by name. Other metrics get their name and `MetricBuckets.latency`; ours must be in it.
    ///   - maxSeries: series (combinations of labels) allowed per metric. Further ones share a series whose labels say
    ///     `overflow`, so that a label with ever new values cannot exhaust the memory.
    package init(catalogue: MetricCatalogue = .shared, maxSeries: Int = 1000) {
        self.catalogue = catalogue
        self.maxSeries = maxSeries
    }

    // MARK: - MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        cell(.counter, MetricName.counter(label), dimensions) {
            if case .counter(let cell) = $0 { cell } else { nil }
        } make: {
            let cell = CounterCell()
            return (cell, .counter(cell))
        }
    }

    package func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        cell(.counter, MetricName.counter(label), dimensions) {
            if case .floatingPointCounter(let cell) = $0 { cell } else { nil }
        } make: {
            let cell = FloatingPointCounterCell()
            return (cell, .floatingPointCounter(cell))
        }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate ? histogram(MetricName.metric(label), dimensions) : gauge(label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(MetricName.timer(label), dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    // MARK: - Reading

    /// The content type of `/metrics`.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// All metrics as text, sorted by name and labels.
    /// - Parameter gauges: read now, rendered beside what was recorded (figures of the queue). A gauge with a recorded metric's
    ///   name is left out, as a name may appear only once in the text.
    package func render(_ gauges: [MetricGauge] = []) -> [UInt8] {
        // Copied under the lock, rendered without it.
        let (families, refused) = state.withLock { ($0.families, $0.refused) }
        var text = PrometheusText()
        var extra = Dictionary(grouping: gauges) { MetricName.metric($0.name) }
        for name in families.keys { extra[name] = nil }
        extra[Self.refusedName] = nil
        for name in (Array(families.keys) + extra.keys + [Self.refusedName]).sorted() {
            if let family = families[name] {
                text.head(name, help: catalogue[name]?.help ?? name, kind: family.kind)
                for (labels, cell) in family.series.sorted(by: { $0.key < $1.key }) { text.series(name, labels.text, cell) }
            } else if let gauges = extra[name] {
                text.head(name, help: gauges.first?.help ?? name, kind: .gauge)
                let values = Dictionary(
                    gauges.flatMap(\.values).map { (ExactText(MetricName.labels($0.labels)), $0.value) },
                    uniquingKeysWith: { first, _ in first })
                for (labels, value) in values.sorted(by: { $0.key < $1.key }) { text.sample(name, labels.text, value) }
            } else {
                text.head(
                    name, help: "Metrics that found no place: too many label values, or one name for two kinds.", kind: .counter)
                text.sample(name, "", Double(refused))
            }
        }
        return text.bytes
    }

    // MARK: - The table

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeCell {
        cell(.gauge, MetricName.metric(label), dimensions) {
            if case .gauge(let cell) = $0 { cell } else { nil }
        } make: {
            let cell = GaugeCell()
            return (cell, .gauge(cell))
        }
    }

    private func histogram(_ name: String, _ dimensions: [(String, String)]) -> HistogramCell {
        let bounds = catalogue[name]?.buckets ?? MetricBuckets.latency
        return cell(.histogram, name, dimensions) {
            if case .histogram(let cell) = $0 { cell } else { nil }
        } make: {
            let cell = HistogramCell(bounds: bounds)
            return (cell, .histogram(cell))
        }
    }

    /// The series' cell, made if missing. A name already used for another kind gets a cell that is not shown.
    private func cell<T: Sendable>(
        _ kind: Kind, _ name: String, _ dimensions: [(String, String)], as read: (Cell) -> T?, make: () -> (T, Cell)
    ) -> T {
        assert(
            !name.hasPrefix(Self.ours) || name == Self.refusedName || catalogue[name] != nil,
            "\(name) has no description: make it with Metric")
        let reserved: Set<String> = kind == .histogram ? ["le"] : []
        let labels = ExactText(MetricName.labels(dimensions, reserved: reserved))
        // Made before it is known to be needed, so that no caller's code runs under the lock.
        let (new, newCell) = make()
        return state.withLock { state -> T in
            var family = state.families[name] ?? Family(kind: kind)
            guard family.kind == kind, name != Self.refusedName else {
                state.refused += 1
                return new
            }
            if let cell = family.series[labels] {
                if let found = read(cell) { return found }
                state.refused += 1
                return new
            }
            var place = labels
            if family.series.count >= maxSeries {
                state.refused += 1
                place = ExactText(MetricName.labels(dimensions.map { ($0.0, Self.overflow) }, reserved: reserved))
                if let shared = family.series[place].flatMap(read) { return shared }
            }
            family.series[place] = newCell
            state.families[name] = family
            return new
        }
    }

    private func remove(_ handler: AnyObject) {
        state.withLock { state in
            for (name, family) in state.families {
                guard let labels = family.series.first(where: { $0.value.object === handler })?.key else { continue }
                state.families[name]?.series[labels] = nil
                if family.series.count == 1 { state.families[name] = nil }
                return
            }
        }
    }
}
