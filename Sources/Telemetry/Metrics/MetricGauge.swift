/// A gauge that is read when the metrics are rendered, instead of being recorded.
package struct MetricGauge: Sendable {
    package var name: String
    /// The `# HELP` line.
    package var help: String
    package var values: [(labels: [(String, String)], value: Double)]

    package init(_ name: String, _ help: String, _ values: [(labels: [(String, String)], value: Double)]) {
        self.name = name
        self.help = help
        self.values = values
    }

    package init(_ name: String, _ help: String, _ value: Double) { self.init(name, help, [([], value)]) }

    /// A value for each value of one label.
    package init(_ name: String, _ help: String, by label: String, _ values: [(String, Double)]) {
        self.init(name, help, values.map { ([(label, $0.0)], $0.1) })
    }
}
