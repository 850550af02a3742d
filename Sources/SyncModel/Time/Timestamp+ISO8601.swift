extension Timestamp {
    /// `2025-08-19T10:00:00.000Z`: milliseconds, or six digits if the time has a part below a millisecond. A time outside the
    /// years 0001 to 9999, which only a damaged row can hold, is shown as the nearest one within.
    package var iso8601: String {
        String(unsafeUninitializedCapacity: Timestamp.maxTextLength) { writeISO8601(to: UnsafeMutableRawBufferPointer($0)) }
    }

    /// The longest text of `iso8601`, in bytes.
    static let maxTextLength = 27

    /// Writes the text of `iso8601` and returns its length in bytes.
    func writeISO8601(to out: UnsafeMutableRawBufferPointer) -> Int {
        let first = Timestamp.firstSecond * 1_000_000
        let last = Timestamp.lastSecond * 1_000_000 + 999_999
        let microseconds = min(max(microseconds, first), last)
        var us = microseconds % 1_000_000
        var seconds = microseconds / 1_000_000
        if us < 0 { us += 1_000_000; seconds -= 1 }
        var days = seconds / 86_400
        var rest = seconds % 86_400
        if rest < 0 { rest += 86_400; days -= 1 }
        let (year, month, day) = Timestamp.civil(fromDays: days)
        var text = TextWriter(out: out)
        text.put(year, digits: 4)
        text.put(0x2D)
        text.put(month, digits: 2)
        text.put(0x2D)
        text.put(day, digits: 2)
        text.put(0x54)
        text.put(rest / 3600, digits: 2)
        text.put(0x3A)
        text.put(rest / 60 % 60, digits: 2)
        text.put(0x3A)
        text.put(rest % 60, digits: 2)
        text.put(0x2E)
        if us % 1000 == 0 { text.put(us / 1000, digits: 3) } else { text.put(us, digits: 6) }
        text.put(0x5A)
        return text.at
    }

    private struct TextWriter {
        let out: UnsafeMutableRawBufferPointer
        var at = 0

        mutating func put(_ byte: UInt8) {
            out[at] = byte
            at += 1
        }

        mutating func put(_ value: Int64, digits: Int) {
            var rest = value
            for i in stride(from: at + digits - 1, through: at, by: -1) {
                out[i] = UInt8(48 + rest % 10)
                rest /= 10
            }
            at += digits
        }
    }

    /// Parses an ISO 8601 date or date and time: `YYYY-MM-DD`, optionally with `T` (or a space) and `hh:mm[:ss[.fraction]]` and
    /// `Z`, `±hh:mm`, `±hhmm`, `±hh` or nothing (read as UTC). Digits below a microsecond are dropped. `nil` for anything else,
    /// including dates that do not exist and years outside 0001...9999, even after conversion to UTC.
    package init?(iso8601 text: some StringProtocol) {
        var text = String(text)
        guard let parsed = text.withUTF8({ Timestamp(iso8601: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = parsed
    }

    /// The same from UTF-8 bytes.
    package init?(iso8601 bytes: UnsafeRawBufferPointer) {
        var text = TextReader(bytes: bytes)
        guard let year = text.number(4), year >= 1, text.take(0x2D), let month = text.number(2), text.take(0x2D),
            let day = text.number(2), (1...12).contains(month), day >= 1, day <= Timestamp.daysInMonth(year, month)
        else { return nil }
        var seconds = Timestamp.days(fromCivil: year, month, day) * 86_400
        var us: Int64 = 0
        if !text.isAtEnd {
            guard text.take(0x54) || text.take(0x74) || text.take(0x20), let hour = text.number(2), hour <= 24, text.take(0x3A),
                let minute = text.number(2), minute <= 59
            else { return nil }
            var second: Int64 = 0
            if text.take(0x3A) {
                guard let s = text.number(2), s <= 59 else { return nil }
                second = s
                if text.take(0x2E) || text.take(0x2C) {
                    guard let fraction = text.fraction() else { return nil }
                    us = fraction
                }
            }
            guard hour < 24 || (minute == 0 && second == 0 && us == 0), let offset = text.offset(), text.isAtEnd else {
                return nil
            }
            seconds += hour * 3600 + minute * 60 + second - offset
        }
        // An offset or the hour 24 may lead out of the years that can be written.
        guard seconds >= Timestamp.firstSecond, seconds <= Timestamp.lastSecond else { return nil }
        self.init(microseconds: seconds * 1_000_000 + us)
    }

    private struct TextReader {
        let bytes: UnsafeRawBufferPointer
        var at = 0

        var isAtEnd: Bool { at == bytes.count }

        mutating func digit() -> Int64? {
            guard at < bytes.count, 0x30...0x39 ~= bytes[at] else { return nil }
            at += 1
            return Int64(bytes[at - 1]) - 48
        }

        mutating func number(_ digits: Int) -> Int64? {
            var value: Int64 = 0
            for _ in 0..<digits {
                guard let digit = digit() else { return nil }
                value = value * 10 + digit
            }
            return value
        }

        mutating func take(_ byte: UInt8) -> Bool {
            guard at < bytes.count, bytes[at] == byte else { return false }
            at += 1
            return true
        }

        /// The digits after the point, one or more, as microseconds.
        mutating func fraction() -> Int64? {
            guard var us = digit().map({ $0 * 100_000 }) else { return nil }
            var scale: Int64 = 10_000
            while let digit = digit() {
                us += digit * scale
                scale /= 10
            }
            return us
        }

        /// Seconds by which the text is ahead of UTC.
        mutating func offset() -> Int64? {
            if isAtEnd || take(0x5A) || take(0x7A) { return 0 }
            let sign: Int64
            if take(0x2B) { sign = 1 } else if take(0x2D) { sign = -1 } else { return nil }
            guard let hours = number(2), hours <= 23 else { return nil }
            if isAtEnd { return sign * hours * 3600 }
            _ = take(0x3A)
            guard let minutes = number(2), minutes <= 59 else { return nil }
            return sign * (hours * 3600 + minutes * 60)
        }
    }

    /// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
    private static let firstSecond: Int64 = -62_135_596_800
    private static let lastSecond: Int64 = 253_402_300_799

    static func daysInMonth(_ year: Int64, _ month: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant, "chrono-compatible low-level date algorithms").
    private static func days(fromCivil y: Int64, _ m: Int64, _ d: Int64) -> Int64 {
        let y = m <= 2 ? y - 1 : y
        let era = (y >= 0 ? y : y - 399) / 400
        let yoe = y - era * 400
        let doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1
        return era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
    }

    /// The inverse of `days(fromCivil:)`.
    private static func civil(fromDays days: Int64) -> (Int64, Int64, Int64) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let doe = z - era * 146_097
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100)
        let mp = (5 * doy + 2) / 153
        let month = mp < 10 ? mp + 3 : mp - 9
        return (yoe + era * 400 + (month <= 2 ? 1 : 0), month, doy - (153 * mp + 2) / 5 + 1)
    }
}
