import Foundation

@testable import SyncModel
#if canImport(TestSupport)
    import TestSupport
#endif

/// What must hold for any text read as a moment.
enum TimestampProperties {
    static func check(_ text: String) throws {
        let bytes = Array(text.utf8)
        let moment = bytes.withUnsafeBytes { Timestamp(iso8601: $0) }
        try hold(Timestamp(iso8601: text) == moment, "text and bytes are read alike")
        let isCanonical = bytes.withUnsafeBytes { Timestamp.isCanonical($0) }
        try hold(
            isCanonical == (moment?.iso8601.utf8.elementsEqual(bytes) == true && bytes.count == 24),
            "canonical is what is written")
        if let moment { try check(moment) }
        if let (isMoment, seconds) = calendarSeconds(bytes) {
            try hold((moment != nil) == isMoment, "a moment is read where the calendar has it")
            if let moment, isMoment { try hold(moment.microseconds == seconds * 1_000_000, "it is the calendar's") }
        }
    }

    /// What is written is what the C library writes, and is read back.
    private static func check(_ moment: Timestamp) throws {
        let written = moment.iso8601
        try hold(Timestamp(iso8601: written) == moment, "\(written) is read back")
        var seconds = time_t(moment.microseconds.quotientAndRemainder(dividingBy: 1_000_000).quotient)
        if moment.microseconds % 1_000_000 < 0 { seconds -= 1 }
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let numbers = [parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec]
        let read = written.prefix(19).split { "-T:".contains($0) }.map { Int32($0) }
        try hold(read == numbers, "\(written) is \(numbers)")
    }

    /// For `YYYY-MM-DDTHH:MM:SSZ`: whether the C library's calendar has the moment, and its seconds since 1970.
    private static func calendarSeconds(_ bytes: [UInt8]) -> (isMoment: Bool, seconds: Int64)? {
        let template = Array("0000-00-00T00:00:00Z".utf8)
        guard bytes.count == template.count,
            zip(bytes, template).allSatisfy({ $1 == UInt8(ascii: "0") ? (0x30...0x39).contains($0) : $0 == $1 })
        else { return nil }
        func number(_ at: Int, _ count: Int) -> Int32 { bytes[at..<(at + count)].reduce(0) { $0 * 10 + Int32($1 - 0x30) } }
        var parts = tm()
        parts.tm_year = number(0, 4) - 1900
        parts.tm_mon = number(5, 2) - 1
        parts.tm_mday = number(8, 2)
        parts.tm_hour = number(11, 2)
        parts.tm_min = number(14, 2)
        parts.tm_sec = number(17, 2)
        // The hour 24 is the next day's first; ISO 8601 has it, the C library puts it right.
        let isMidnight = parts.tm_hour == 24 && parts.tm_min == 0 && parts.tm_sec == 0
        let sent = parts
        var seconds = timegm(&parts)
        if isMidnight { seconds -= 1 }
        gmtime_r(&seconds, &parts)
        let isSame =
            parts.tm_year == sent.tm_year && parts.tm_mon == sent.tm_mon && parts.tm_mday == sent.tm_mday
            && (isMidnight || (parts.tm_hour == sent.tm_hour && parts.tm_min == sent.tm_min && parts.tm_sec == sent.tm_sec))
        if isMidnight { seconds += 1 }
        return (isSame && sent.tm_year > -1900 && seconds <= 253_402_300_799, Int64(seconds))
    }
}
