import Metrics
import TestSupport
import Testing

@testable import Telemetry

@Suite("Prometheus metrics")
struct PrometheusRegistryTests {
    let registry = PrometheusRegistry(
        catalogue: MetricCatalogue([
            "jobs_total": MetricDescription("Jobs that ended, \\ and\nhow."),
            "apply_seconds": MetricDescription("Time.", buckets: [0.001, 0.01, 0.1]),
        ]))

    func read() throws -> PrometheusReader { try PrometheusReader(registry.render()) }

    @Test("labels are apart where their bytes are")
    func spellings() {
        for (tenant, count) in [("caf\u{E9}", 2), ("cafe\u{301}", 3)] {
            Counter(label: "jobs", dimensions: [("tenant", tenant)], factory: registry).increment(by: Int64(count))
        }
        let gauge = MetricGauge("waiting", "Waiting.", by: "tenant", [("caf\u{E9}", 5), ("cafe\u{301}", 7)])
        let lines = Set(registry.render([gauge]).split(separator: UInt8(ascii: "\n")).map(Array.init))
        for line in [
            "jobs_total{tenant=\"caf\u{E9}\"} 2", "jobs_total{tenant=\"cafe\u{301}\"} 3", "waiting{tenant=\"caf\u{E9}\"} 5",
            "waiting{tenant=\"cafe\u{301}\"} 7",
        ] { #expect(lines.contains(Array(line.utf8)), "\(line)") }
    }

    @Test("the text stands as the format says, to the byte")
    func text() {
        Counter(label: "jobs", dimensions: [("state", "completed"), ("a", "b")], factory: registry).increment(by: 3)
        Meter(label: "open.connections", factory: registry).set(2.5)
        let timer = Timer(label: "apply", factory: registry)
        timer.recordMilliseconds(1)
        timer.recordMilliseconds(50)
        timer.recordSeconds(3)
        #expect(
            String(decoding: registry.render(), as: UTF8.self) == """
                # HELP apply_seconds Time.
                # TYPE apply_seconds histogram
                apply_seconds_bucket{le="0.001"} 1
                apply_seconds_bucket{le="0.01"} 1
                apply_seconds_bucket{le="0.1"} 2
                apply_seconds_bucket{le="+Inf"} 3
                apply_seconds_sum 3.051
                apply_seconds_count 3
                # HELP jobs_total Jobs that ended, \\\\ and\\nhow.
                # TYPE jobs_total counter
                jobs_total{a="b",state="completed"} 3
                # HELP open_connections open_connections
                # TYPE open_connections gauge
                open_connections 2.5
                # HELP usersync_metrics_series_refused_total Metrics that found no place: too many label values, or one name for two kinds.
                # TYPE usersync_metrics_series_refused_total counter
                usersync_metrics_series_refused_total 0

                """)
    }

    @Test("every kind of swift-metrics is shown, and read back by a strict reader")
    func kinds() throws {
        Counter(label: "c", factory: registry).increment()
        FloatingPointCounter(label: "f_total", factory: registry).increment(by: 0.25)
        let meter = Meter(label: "m", factory: registry)
        meter.set(5)
        meter.increment(by: 2.0)
        meter.decrement(by: 3.0)
        Recorder(label: "size", dimensions: [("kind", "body")], factory: registry).record(0.002)
        Gauge(label: "g", factory: registry).record(-7)
        Timer(label: "t_seconds", factory: registry).recordNanoseconds(1_500_000_000)
        let text = try read()
        #expect(text["c_total"] == 1 && text["f_total"] == 0.25 && text["m"] == 4 && text["g"] == -7)
        #expect(text["size_count{kind=\"body\"}"] == 1 && text["size_bucket{kind=\"body\",le=\"0.0025\"}"] == 1)
        #expect(text["t_seconds_sum"] == 1.5)
        #expect(
            text.families.mapValues(\.kind).filter { $0.key.count < 10 } == [
                "c_total": "counter", "f_total": "counter", "m": "gauge", "g": "gauge", "size": "histogram",
                "t_seconds": "histogram",
            ])
    }

    @Test("names and labels that the format cannot hold are changed, values are escaped")
    func escaping() throws {
        let odd = "a\"b\\c\nd\r\né"
        Counter(
            label: "hb.requests-1", dimensions: [("http.route", odd), ("2x", "y"), ("a:b", "z"), ("a_b", "w")], factory: registry
        )
        .increment()
        Timer(label: "9t", dimensions: [("le", "mine")], factory: registry).recordSeconds(1)
        let text = try read()
        #expect(
            text[#"hb_requests_1_total{_2x="y",a_b="z",http_route="a\"b\\c\nd"# + "\r" + #"\né"}"#] == 1)
        #expect(text["_9t_seconds_count{_le=\"mine\"}"] == 1)
    }

    @Test("the same metric made twice is one series; the order of labels does not matter")
    func shared() throws {
        for dimensions in [[("a", "1"), ("b", "2")], [("b", "2"), ("a", "1")]] {
            Counter(label: "n", dimensions: dimensions, factory: registry).increment()
        }
        #expect(try read()["n_total{a=\"1\",b=\"2\"}"] == 2)
    }

    @Test("what many count at once is all there")
    func concurrent() async throws {
        let counter = Counter(label: "n", factory: registry)
        let fraction = FloatingPointCounter(label: "f", factory: registry)
        let timer = Timer(label: "apply", factory: registry)
        let meter = Meter(label: "m", factory: registry)
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    for n in 0..<5000 {
                        counter.increment()
                        fraction.increment(by: 0.5)
                        timer.recordMilliseconds(n % 2 == 0 ? 5 : 500)
                        meter.increment(by: worker % 2 == 0 ? 1.0 : -1.0)
                        // Made anew, as a middleware does: the same series.
                        if n % 100 == 0 {
                            Counter(label: "again", dimensions: [("n", "\(n % 300)")], factory: self.registry).increment()
                        }
                    }
                }
            }
            group.addTask { for _ in 0..<50 { #expect(throws: Never.self) { try self.read() } } }
        }
        let text = try read()
        #expect(text["n_total"] == 40_000 && text["f_total"] == 20_000 && text["m"] == 0)
        #expect(text["apply_seconds_count"] == 40_000 && text["apply_seconds_bucket{le=\"0.01\"}"] == 20_000)
        #expect(abs(text["apply_seconds_sum"]! - 10_100) < 0.001)
        #expect((text.families["again_total"]?.samples.values.reduce(0, +)) == 400)
    }

    @Test("a value on a bound belongs to its bucket; none is lost above the last or below the first")
    func bounds() throws {
        let recorder = Recorder(label: "apply_seconds", factory: registry)
        for value in [-1, 0.001, 0.0011, 0.1, 0.11, .infinity, .nan] as [Double] { recorder.record(value) }
        let text = try read()
        #expect(text["apply_seconds_bucket{le=\"0.001\"}"] == 2 && text["apply_seconds_bucket{le=\"0.01\"}"] == 3)
        #expect(text["apply_seconds_bucket{le=\"0.1\"}"] == 4 && text["apply_seconds_count"] == 6)
        #expect(text["apply_seconds_sum"] == .infinity)
    }

    @Test("counters only go up")
    func monotonic() throws {
        let counter = Counter(label: "n", factory: registry)
        counter.increment(by: 5)
        counter.increment(by: -3)
        let fraction = FloatingPointCounter(label: "f", factory: registry)
        fraction.increment(by: 1.5)
        fraction.increment(by: -1)
        fraction.increment(by: Double.infinity)
        #expect(try read()["n_total"] == 5 && read()["f_total"] == 1.5)
    }

    @Test("labels with ever new values share one series past the limit, and it is told")
    func cardinality() throws {
        let small = PrometheusRegistry(maxSeries: 10)
        for n in 0..<1000 { Counter(label: "n", dimensions: [("user", "u\(n)"), ("x", "y")], factory: small).increment() }
        let text = try PrometheusReader(small.render())
        #expect(text.families["n_total"]?.samples.count == 11)
        #expect(text["n_total{user=\"overflow\",x=\"overflow\"}"] == 990)
        #expect(text["n_total{user=\"u3\",x=\"y\"}"] == 1)
        #expect(text["usersync_metrics_series_refused_total"] == 990)
    }

    @Test("one name for two kinds keeps the first and does not break the text")
    func conflict() throws {
        Meter(label: "x_total", factory: registry).set(1)
        Counter(label: "x", factory: registry).increment()
        let text = try read()
        #expect(text.families["x_total"]?.kind == "gauge" && text["x_total"] == 1)
        #expect(text["usersync_metrics_series_refused_total"] == 1)
    }

    @Test("gauges read at the moment of rendering stand among the others")
    func readGauges() throws {
        Counter(label: "b", factory: registry).increment()
        let text = try PrometheusReader(
            registry.render([
                MetricGauge("usersync_jobs", "Jobs by state.", by: "state", [("queued", 3), ("running", 1)]),
                MetricGauge("a_gauge", "A gauge.", 0.5),
                // The name is taken.
                MetricGauge("b_total", "Taken.", 9),
            ]))
        #expect(text["usersync_jobs{state=\"queued\"}"] == 3 && text["a_gauge"] == 0.5 && text["b_total"] == 1)
        #expect(text.families["usersync_jobs"]?.help == "Jobs by state.")
    }

    @Test("a destroyed metric is gone; made again, it starts at nothing")
    func destroyed() throws {
        let counter = Counter(label: "n", factory: registry)
        counter.increment(by: 4)
        counter.destroy()
        #expect(try read().families["n_total"] == nil)
        Counter(label: "n", factory: registry).increment()
        #expect(try read()["n_total"] == 1)
    }

    @Test("numbers are written as scrapers read them")
    func numbers() {
        for (value, text) in [
            (0, "0"), (-0.0, "0"), (3, "3"), (0.1, "0.1"), (1e300, "1e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
            (.nan, "NaN"),
        ] as [(Double, String)] {
            #expect(PrometheusText.number(value) == text)
        }
    }
}
