import SyncModel

/// Shows progress on standard error: one line that is redrawn on a terminal, else a line now and then.
struct ProgressDisplay {
    private let terminal: Terminal
    /// Time between two lines if standard error is not a terminal.
    private let interval: Duration
    private let clock = ContinuousClock()
    private var lastLine: ContinuousClock.Instant?
    private var meter: RateMeter
    private var isDrawn = false

    init(terminal: Terminal, interval: Duration = .seconds(10)) {
        self.terminal = terminal
        self.interval = interval
        meter = RateMeter()
    }

    /// Shows the line with a rate measured from one call to the next.
    mutating func show(_ line: ProgressLine) {
        let now = clock.now
        var line = line
        line.rate = meter.rate(at: now, done: line.done)
        if terminal.isErrorTerminal {
            terminal.draw("\r\u{1B}[2K" + line.drawn(width: terminal.width - 1, style: terminal.errorStyle))
            isDrawn = true
        } else if lastLine.map({ now - $0 >= interval }) ?? true {
            terminal.note(line.plain)
            lastLine = now
        }
    }

    /// Leaves the last line on the screen, or removes it.
    mutating func end(keeping: Bool = true) {
        if isDrawn { terminal.draw(keeping ? "\n" : "\r\u{1B}[2K") }
        isDrawn = false
    }
}

/// Things per second over the last few seconds.
struct RateMeter {
    private var samples: [(at: ContinuousClock.Instant, done: Int)] = []
    private let window: Duration = .seconds(5)

    mutating func rate(at now: ContinuousClock.Instant, done: Int) -> Double {
        samples.append((now, done))
        // Keeps one sample from before the window, to measure a slow counter against.
        while samples.count > 2, now - samples[1].at > window { samples.removeFirst() }
        guard let first = samples.first, done > first.done else { return 0 }
        return Double(done.saturatingSubtract(first.done)) / max(0.001, (now - first.at).inSeconds)
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
