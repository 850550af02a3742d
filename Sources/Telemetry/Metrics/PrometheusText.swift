/// Writes the text format, version 0.0.4: a `# HELP` and a `# TYPE` line for each metric, then a line for each sample.
/// Source: Prometheus, "Exposition formats".
struct PrometheusText {
    private(set) var bytes: [UInt8] = []

    mutating func head(_ name: String, help: String, kind: PrometheusRegistry.Kind) {
        put("# HELP ", name, " ", MetricName.escapedHelp(help), "\n# TYPE ", name, " ", kind.rawValue, "\n")
    }

    mutating func series(_ name: String, _ labels: String, _ cell: PrometheusRegistry.Cell) {
        switch cell {
        case .counter(let cell): line(name, labels, String(cell.value))
        case .floatingPointCounter(let cell): sample(name, labels, cell.value)
        case .gauge(let cell): sample(name, labels, cell.value)
        case .histogram(let cell):
            let (cumulative, sum) = cell.values
            let separator = labels.isEmpty ? "" : ","
            for (bound, count) in zip(cell.bounds + [.infinity], cumulative) {
                line(name + "_bucket", "\(labels)\(separator)le=\"\(Self.number(bound))\"", String(count))
            }
            sample(name + "_sum", labels, sum)
            line(name + "_count", labels, String(cumulative.last ?? 0))
        }
    }

    mutating func sample(_ name: String, _ labels: String, _ value: Double) { line(name, labels, Self.number(value)) }

    private mutating func line(_ name: String, _ labels: String, _ value: String) {
        if labels.isEmpty { put(name, " ", value, "\n") } else { put(name, "{", labels, "} ", value, "\n") }
    }

    private mutating func put(_ parts: String...) {
        for part in parts { bytes.append(contentsOf: part.utf8) }
    }

    /// As Go parses it; whole numbers without a decimal point.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map(String.init) ?? value.description
    }
}
