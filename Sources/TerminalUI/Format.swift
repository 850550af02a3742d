import SyncModel

/// Figures as people read them.
package enum Format {
    /// `1,234,567`.
    package static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var out = ""
        for (at, digit) in digits.enumerated() {
            if at > 0, (digits.count - at) % 3 == 0 { out.append(",") }
            out.append(digit)
        }
        return value < 0 ? "-\(out)" : out
    }

    /// `1 user`, `2 users`.
    package static func count(_ value: Int, _ one: String, _ many: String? = nil) -> String {
        "\(count(value)) \(value == 1 ? one : many ?? one + "s")"
    }

    /// `812 B`, `46.2 MB`: decimal units, as disks and networks are measured.
    package static func bytes(_ value: Int) -> String {
        guard value >= 1000 else { return "\(value) B" }
        var amount = Double(value) / 1000
        var unit = 0
        let units = ["kB", "MB", "GB", "TB"]
        while amount >= 999.95, unit < units.count - 1 {
            amount /= 1000
            unit += 1
        }
        return "\(oneDecimal(amount)) \(units[unit])"
    }

    /// `38 ms`, `4.2 s`, `42 s`, `3 min 12 s`, `5 h 3 min`, `2 d 4 h`.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "-" }
        if seconds < 0.9995 { return "\(Int((seconds * 1000).rounded())) ms" }
        if seconds < 9.95 { return "\(oneDecimal(seconds)) s" }
        let total = Int(min(seconds, 1e12).rounded())
        switch total {
        case ..<60: return "\(total) s"
        case ..<3600: return two(total / 60, "min", total % 60, "s")
        case ..<86_400: return two(total / 3600, "h", total % 3600 / 60, "min")
        default: return two(total / 86_400, "d", total % 86_400 / 3600, "h")
        }
    }

    /// `62 %`, never 100 before the end.
    package static func percent(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "100 %" }
        return "\(Int(min(100, max(0, Double(part) * 100 / Double(whole))))) %"
    }

    /// `12,400 users/s`; below ten with a decimal.
    package static func rate(_ perSecond: Double, _ unit: String) -> String {
        guard perSecond.isFinite, perSecond >= 0 else { return "- \(unit)/s" }
        return "\(perSecond < 10 ? oneDecimal(perSecond) : count(Int(min(perSecond, 1e15).rounded()))) \(unit)/s"
    }

    /// `2025-08-19 10:00:00`, in UTC, from an ISO 8601 text; any other text is returned as is.
    package static func moment(_ text: String) -> String {
        guard let timestamp = Timestamp(iso8601: text) else { return text }
        let iso = timestamp.iso8601
        return "\(iso.prefix(10)) \(iso.dropFirst(11).prefix(8))"
    }

    /// Lines of at most `width` characters, broken at spaces.
    package static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    private static func two(_ a: Int, _ first: String, _ b: Int, _ second: String) -> String {
        b == 0 ? "\(a) \(first)" : "\(a) \(first) \(b) \(second)"
    }

    private static func oneDecimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(count(tenths / 10)).\(tenths % 10)"
    }
}
