import SyncModel

/// A line of progress.
package struct ProgressLine {
    /// What is happening: `Sending`, `Syncing`.
    package var title: String
    package var done: Int
    /// `nil` if unknown.
    package var total: Int?
    /// `done` per second.
    package var rate: Double
    package var unit: Unit
    /// A remark: `3 failed`.
    package var remark: String

    package enum Unit {
        case bytes
        case things(String)
    }

    package init(title: String, done: Int, total: Int?, rate: Double, unit: Unit, remark: String = "") {
        self.title = title
        self.done = done
        self.total = total
        self.rate = rate
        self.unit = unit
        self.remark = remark
    }

    /// Seconds left at this rate; `nil` if unknown.
    package var secondsLeft: Double? {
        guard let total, rate > 0, done < total else { return nil }
        return Double(total.saturatingSubtract(done)) / rate
    }

    /// The line for a terminal: a bar of fixed length, and as many of the figures as fit.
    package func drawn(width: Int, style: Style) -> TerminalText {
        let head: TerminalText = "  \(title.padded(to: 7)) "
        guard let total else { return (head + "\(figures.joined(separator: "  "))").cut(to: width) }
        let length = min(30, max(8, width / 5 - 6))
        let full = total > 0 ? Int(Double(length) * min(1, max(0, Double(done) / Double(total)))) : length
        var shown = figures
        while shown.count > 1, head.columns + length + 2 + shown.joined(separator: "  ").count > width { shown.removeLast() }
        let text = shown.joined(separator: "  ")
        guard head.columns + length + 2 + text.count <= width else { return (head + "\(text)").cut(to: width) }
        let bar =
            style.green(TerminalText(String(repeating: "━", count: full)))
            + style.dim(TerminalText(String(repeating: "╌", count: length - full)))
        return "\(head)\(bar)  \(text)"
    }

    /// The line for a log.
    package var plain: TerminalText { "\(title): \(figures.joined(separator: "  "))" }

    /// The most informative first.
    private var figures: [String] {
        var parts: [String] = []
        if let total { parts.append(Format.percent(done, of: total)) }
        switch unit {
        case .bytes:
            parts.append(total.map { "\(Format.bytes(done)) of \(Format.bytes($0))" } ?? Format.bytes(done))
            if rate > 0 { parts.append("\(Format.bytes(Int(min(rate, 1e15))))/s") }
        case .things(let name):
            parts.append(total.map { "\(Format.count(done)) of \(Format.count($0))" } ?? "\(Format.count(done)) \(name)")
            if rate > 0 { parts.append(Format.rate(rate, name)) }
        }
        if let secondsLeft { parts.append("\(Format.duration(secondsLeft)) left") }
        if !remark.isEmpty { parts.append(remark) }
        return parts
    }
}
