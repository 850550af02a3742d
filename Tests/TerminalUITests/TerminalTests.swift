import TerminalUI
import Testing

@Suite("Figures and progress")
struct TerminalTests {
    @Test("figures read well")
    func figures() {
        #expect(Format.count(0) == "0")
        #expect(Format.count(999) == "999")
        #expect(Format.count(1_234_567) == "1,234,567")
        #expect(Format.count(-1000) == "-1,000")
        #expect(Format.count(1, "user") == "1 user")
        #expect(Format.count(2, "batch", "batches") == "2 batches")
        #expect(Format.bytes(999) == "999 B")
        #expect(Format.bytes(46_200_000) == "46.2 MB")
        #expect(Format.bytes(999_999) == "1.0 MB")
        #expect(Format.bytes(5_000_000_000_000_000) == "5,000.0 TB")
        #expect(Format.duration(0.04) == "40 ms")
        #expect(Format.duration(9.96) == "10 s")
        #expect(Format.duration(59.6) == "1 min")
        #expect(Format.duration(192) == "3 min 12 s")
        #expect(Format.duration(3 * 86_400 + 4 * 3600) == "3 d 4 h")
        #expect(Format.duration(.infinity) == "-")
        #expect(Format.percent(999, of: 1000) == "99 %")
        #expect(Format.percent(0, of: 0) == "100 %")
        #expect(Format.rate(12_400.4, "users") == "12,400 users/s")
        #expect(Format.rate(1.26, "users") == "1.3 users/s")
        #expect(Format.moment("2025-08-19T10:00:00.123Z") == "2025-08-19 10:00:00")
        #expect(Format.moment("soon") == "soon")
    }

    @Test("figures that a server should not send are shown, not stumbled over")
    func oddFigures() {
        let odd = [Int.min, -1, 0, 1, .max]
        for done in odd {
            #expect(!Format.bytes(done).isEmpty)
            for total in odd {
                #expect(Format.percent(done, of: total).hasSuffix(" %"))
                for rate in [-Double.infinity, -1, 0, 1e300, .infinity, .nan] {
                    #expect(!Format.rate(rate, "users").isEmpty)
                    for unit in [ProgressLine.Unit.bytes, .things("users")] {
                        let line = ProgressLine(title: "Syncing", done: done, total: total, rate: rate, unit: unit)
                        for width in [0, 80] { #expect(!line.drawn(width: width, style: Style(isOn: false)).isEmpty) }
                    }
                }
            }
        }
        for figure in [nil, Int.min, -1, 0, 1, .max] {
            let text = figure.map(String.init) ?? "x"
            for size in [
                TerminalSize(environment: [:], columns: figure, rows: figure),
                TerminalSize(environment: ["COLUMNS": text, "LINES": text], columns: 90, rows: 30),
            ] {
                #expect((20...10_000).contains(size.columns) && (3...10_000).contains(size.rows))
            }
        }
        var meter = RateMeter()
        let now = ContinuousClock.now
        for done in odd { #expect(meter.rate(at: now, done: done) >= 0) }
    }

    @Test("a bar grows with what is done and never passes the width")
    func bar() {
        let plain = Style(isOn: false)
        var line = ProgressLine(title: "Syncing", done: 0, total: 10_000, rate: 0, unit: .things("users"))
        func bars() -> Int { line.drawn(width: 100, style: plain).plain.count { $0 == "━" } }
        #expect(bars() == 0)
        line.done = 5000
        line.rate = 2500
        let half = bars()
        #expect(half > 5)
        #expect(line.drawn(width: 100, style: plain).plain.contains("50 %  5,000 of 10,000  2,500 users/s  2.0 s left"))
        line.done = 10_000
        #expect(bars() > half)
        #expect(line.secondsLeft == nil)
        for width in 10...140 { #expect(line.drawn(width: width, style: plain).columns <= width) }
        #expect(line.plain == "Syncing: 100 %  10,000 of 10,000  2,500 users/s")
    }

    @Test("of a stream whose length is not known, what was sent is shown")
    func unknownTotal() {
        let line = ProgressLine(title: "Sending", done: 46_200_000, total: nil, rate: 1_000_000, unit: .bytes)
        #expect(line.drawn(width: 80, style: Style(isOn: false)) == "  Sending 46.2 MB  1.0 MB/s")
    }

    @Test("the rate is that of the last seconds")
    func rate() {
        var meter = RateMeter()
        let start = ContinuousClock().now
        #expect(meter.rate(at: start, done: 0) == 0)
        #expect(meter.rate(at: start + .seconds(1), done: 100) == 100)
        for second in 2...20 { _ = meter.rate(at: start + .seconds(second), done: 100 + (second - 1) * 1000) }
        #expect(meter.rate(at: start + .seconds(21), done: 100 + 20 * 1000) == 1000)
        #expect(meter.rate(at: start + .seconds(60), done: 100 + 20 * 1000) == 0)
    }

    @Test("columns line up, the last is cut to the width, and control characters are gone")
    func table() {
        var table = Table([("Id", .left), ("Users", .right), ("Why", .text)])
        table.add(["a", "1,000", "short"])
        table.add(["long", "7", "a reason that goes\non and on\u{1B}[31m and on"])
        #expect(
            table.lines(width: 30, style: Style(isOn: false)) == [
                "Id    Users  Why", "a     1,000  short", "long      7  a reason that go…",
            ])
    }

    @Test("a column that is not for reading alone is never cut")
    func whole() {
        var table = Table([("Tenant", .left), ("Job", .left)])
        let id = String(repeating: "7", count: 40)
        table.add([id, id])
        #expect(table.lines(width: 20, style: Style(isOn: false)).last?.plain == "\(id)  \(id)")
    }

    @Test("a wide cell is whole, and moves its own row alone", arguments: [60, .max])
    func wideCell(width: Int) {
        var table = Table([("Tenant", .left), ("Users", .right), ("Source", .text)])
        let tenant = String(repeating: "t", count: 200)
        for id in ["acme", tenant, "halden-logistics"] { table.add([id, "1,000", "nightly"]) }
        #expect(
            table.lines(width: width, style: Style(isOn: false)) == [
                "Tenant            Users  Source", "acme              1,000  nightly",
                "\(tenant)  1,000  nightly", "halden-logistics  1,000  nightly",
            ])
    }

    @Test("colours only where they are on")
    func style() {
        #expect(Style(isOn: false).red("x") == "x")
        #expect(Style(isOn: true).red("x").rendered == "\u{1B}[31mx\u{1B}[0m")
        #expect(!Terminal(isOutputTerminal: true, isErrorTerminal: true, mayColor: false).style.isOn)
        #expect(!Terminal(isOutputTerminal: false, isErrorTerminal: true, mayColor: true).style.isOn)
    }
}
