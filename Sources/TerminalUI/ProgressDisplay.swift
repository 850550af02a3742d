/// Shows progress on standard error: one line that is redrawn on a terminal, else a line now and then.
package struct ProgressDisplay {
    private let terminal: Terminal
    /// Time between two lines if standard error is not a terminal.
    private let interval: Duration
    private let clock = ContinuousClock()
    private var lastLine: ContinuousClock.Instant?
    private var meter: RateMeter
    private var isDrawn = false

    package init(terminal: Terminal, interval: Duration = .seconds(10)) {
        self.terminal = terminal
        self.interval = interval
        meter = RateMeter()
    }

    /// Shows the line with a rate measured from one call to the next.
    package mutating func show(_ line: ProgressLine) {
        let now = clock.now
        var line = line
        line.rate = meter.rate(at: now, done: line.done)
        if terminal.isErrorTerminal {
            terminal.draw("\r\u{1B}[2K" + line.drawn(width: terminal.measured.size.columns - 1, style: terminal.errorStyle))
            isDrawn = true
        } else if lastLine.map({ now - $0 >= interval }) ?? true {
            terminal.note(line.plain)
            lastLine = now
        }
    }

    /// Leaves the last line on the screen, or removes it.
    package mutating func end(keeping: Bool = true) {
        if isDrawn { terminal.draw(keeping ? "\n" : "\r\u{1B}[2K") }
        isDrawn = false
    }
}
