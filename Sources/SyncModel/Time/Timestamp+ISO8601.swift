extension Timestamp {
    /// `2025-08-19T10:00:00.000Z`: milliseconds, and six digits only where the moment has a part below a millisecond.
    package var iso8601: String {
        String(unsafeUninitializedCapacity: 32) { out in
            var us = microseconds % 1_000_000
            var seconds = microseconds / 1_000_000
            if us < 0 { us += 1_000_000; seconds -= 1 }
            var days = seconds / 86_400
            var rest = seconds % 86_400
            if rest < 0 { rest += 86_400; days -= 1 }
            let (year, month, day) = Timestamp.civil(fromDays: days)
            var at = 0
            func digits(_ value: Int64, _ width: Int) {
                var v = value
                for i in stride(from: at + width - 1, through: at, by: -1) {
                    out[i] = UInt8(48 + v % 10)
                    v /= 10
                }
                at += width
            }
            func put(_ c: UInt8) { out[at] = c; at += 1 }
            digits(year, 4); put(0x2D); digits(month, 2); put(0x2D); digits(day, 2); put(0x54)
            digits(rest / 3600, 2); put(0x3A); digits(rest / 60 % 60, 2); put(0x3A); digits(rest % 60, 2)
            put(0x2E)
            if us % 1000 == 0 { digits(us / 1000, 3) } else { digits(us, 6) }
            put(0x5A)
            return at
        }
    }

    /// Reads an ISO 8601 date or date and time: `YYYY-MM-DD`, or with `T` (or a space) and `hh:mm[:ss[.fraction]]`
    /// and `Z`, `±hh:mm`, `±hhmm`, `±hh` or nothing (read as UTC). Digits below a microsecond are dropped.
    /// `nil` for anything else, also for dates that do not exist and years outside 0001...9999, in UTC too.
    package init?(iso8601 text: some StringProtocol) {
        var text = String(text)
        guard let parsed = text.withUTF8({ Timestamp(iso8601: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = parsed
    }

    /// The same from UTF-8 bytes.
    package init?(iso8601 bytes: UnsafeRawBufferPointer) {
        var at = 0
        func number(_ width: Int) -> Int64? {
            guard at + width <= bytes.count else { return nil }
            var value: Int64 = 0
            for i in at..<(at + width) {
                guard case let digit = Int64(bytes[i]) - 48, digit >= 0, digit <= 9 else { return nil }
                value = value * 10 + digit
            }
            at += width
            return value
        }
        func take(_ c: UInt8) -> Bool {
            guard at < bytes.count, bytes[at] == c else { return false }
            at += 1
            return true
        }
        guard let year = number(4), year >= 1, take(0x2D), let month = number(2), take(0x2D), let day = number(2),
            (1...12).contains(month), day >= 1, day <= Timestamp.daysInMonth(year, month)
        else { return nil }
        var seconds = Timestamp.days(fromCivil: year, month, day) * 86_400
        var us: Int64 = 0
        if at < bytes.count {
            guard take(0x54) || take(0x74) || take(0x20), let hour = number(2), hour <= 24, take(0x3A),
                let minute = number(2), minute <= 59
            else { return nil }
            var second: Int64 = 0
            if take(0x3A) {
                guard let s = number(2), s <= 59 else { return nil }
                second = s
                if take(0x2E) || take(0x2C) {
                    var scale: Int64 = 100_000
                    let first = at
                    while at < bytes.count, case let digit = Int64(bytes[at]) - 48, digit >= 0, digit <= 9 {
                        us += digit * scale
                        scale /= 10
                        at += 1
                    }
                    guard at > first else { return nil }
                }
            }
            guard hour < 24 || (minute == 0 && second == 0 && us == 0) else { return nil }
            seconds += hour * 3600 + minute * 60 + second
            if at < bytes.count, !(take(0x5A) || take(0x7A)) {
                let sign: Int64
                if take(0x2B) { sign = -1 } else if take(0x2D) { sign = 1 } else { return nil }
                guard let hours = number(2), hours <= 23 else { return nil }
                var minutes: Int64 = 0
                if at < bytes.count {
                    _ = take(0x3A)
                    guard let m = number(2), m <= 59 else { return nil }
                    minutes = m
                }
                seconds += sign * (hours * 3600 + minutes * 60)
            }
            guard at == bytes.count else { return nil }
        }
        // An offset or the hour 24 may lead out of the years that can be written.
        guard seconds >= Timestamp.firstSecond, seconds <= Timestamp.lastSecond else { return nil }
        self.init(microseconds: seconds * 1_000_000 + us)
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
