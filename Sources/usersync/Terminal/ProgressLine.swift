/// One line that says how far something is.
struct ProgressLine {
    /// What is going on: `Sending`, `Syncing`.
    var title: String
    var done: Int
    /// `nil`: not known.
    var total: Int?
    /// Of `done`, a second.
    var rate: Double
    var unit: Unit
    /// Something more: `3 failed`.
    var remark = ""

    enum Unit {
        case bytes
        case things(String)
    }

    /// Seconds left at this rate; `nil` where that cannot be said.
    var secondsLeft: Double? {
        guard let total, rate > 0, done < total else { return nil }
        return Double(total - done) / rate
    }

    /// The line for a terminal, with a bar where `width` leaves room for one.
    func drawn(width: Int, style: Style) -> String {
        let text = figures()
        let head = title.padded(to: 9)
        guard let total else { return Table.cut("  \(head) \(text)", to: width) }
        let room = min(30, width - head.count - text.count - 7)
        guard room >= 8 else { return Table.cut("  \(head) \(text)", to: width) }
        let full = total > 0 ? min(room, room * done / total) : room
        let bar = style.green(String(repeating: "━", count: full)) + style.dim(String(repeating: "╌", count: room - full))
        return "  \(head) \(bar)  \(text)"
    }

    /// The line for a log.
    var plain: String { "\(title): \(figures())" }

    private func figures() -> String {
        var parts: [String] = []
        switch unit {
        case .bytes:
            parts.append(total.map { "\(Format.bytes(done)) of \(Format.bytes($0))" } ?? Format.bytes(done))
            if rate > 0 { parts.append("\(Format.bytes(Int(rate)))/s") }
        case .things(let name):
            parts.append(total.map { "\(Format.count(done)) of \(Format.count($0)) \(name)" } ?? "\(Format.count(done)) \(name)")
            if rate > 0 { parts.append(Format.rate(rate, name)) }
        }
        if let total { parts.insert(Format.percent(done, of: total), at: 0) }
        if let secondsLeft { parts.append("\(Format.duration(secondsLeft)) left") }
        if !remark.isEmpty { parts.append(remark) }
        return parts.joined(separator: "  ")
    }
}

extension String {
    /// Filled up with spaces on the right.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
