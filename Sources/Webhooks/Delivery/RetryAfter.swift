import SyncModel

/// Parses `Retry-After` (RFC 9110 §10.2.3): seconds, or one of the three forms of an HTTP date (§5.6.7).
enum RetryAfter {
    /// The longest delay that a receiver may ask for, in seconds.
    static let cap: Double = 86_400

    /// Seconds to wait from `now`, 0 to 24 h; `nil` if the value has neither form.
    static func seconds(_ value: String, now: Timestamp) -> Double? {
        let text = value.trimmingSpaces()
        guard !text.isEmpty, text.utf8.count <= 64 else { return nil }
        if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // More digits than a number holds mean a long time too.
            return min(cap, Double(text) ?? cap)
        }
        guard let date = httpDate(text, now: now) else { return nil }
        return min(cap, max(0, date.seconds(since: now)))
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`.
    static func httpDate(_ text: String, now: Timestamp) -> Timestamp? {
        let parts = text.split(separator: " ").map(String.init)
        switch parts.count {
        case 6 where parts[0].hasSuffix(",") && parts[5] == "GMT":
            return moment(year: parts[3], month: parts[2], day: parts[1], time: parts[4])
        case 4 where parts[0].hasSuffix(",") && parts[3] == "GMT":
            let date = parts[1].split(separator: "-").map(String.init)
            guard date.count == 3, date[2].utf8.count == 2, let short = Int(date[2]) else { return nil }
            // Two digits that would be more than 50 years ahead mean the past century.
            let thisYear = Int(now.iso8601.prefix(4)) ?? 2000
            var year = thisYear / 100 * 100 + short
            if year > thisYear + 50 { year -= 100 }
            return moment(year: String(year), month: date[1], day: date[0], time: parts[2])
        case 5:
            let day = parts[2].utf8.count == 1 ? "0" + parts[2] : parts[2]
            return moment(year: parts[4], month: parts[1], day: day, time: parts[3])
        default:
            return nil
        }
    }

    private static func moment(year: String, month: String, day: String, time: String) -> Timestamp? {
        guard let month = months.firstIndex(of: month), time.utf8.count == 8 else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return Timestamp(iso8601: "\(year)-\(number)-\(day)T\(time)Z")
    }
}
