extension Timestamp {
    /// True if `bytes` are what `iso8601` writes for a time in whole milliseconds, `2025-08-19T10:00:00.000Z`: the form
    /// JavaScript sends, so it is worth a test of three words.
    static func isCanonical(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count == 24 else { return false }
        func digits(_ offset: Int, template: UInt64, excess: UInt64) -> UInt64? {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) ^ template
            // Adding 0x76 carries into the high bit from 10 on, adding 0x7F from 1 on.
            let wrong = ((word & 0x7F7F_7F7F_7F7F_7F7F) &+ excess) | word
            return wrong & 0x8080_8080_8080_8080 == 0 ? word : nil
        }
        // Little endian, so the last character comes first: "-00-0000", "00:00T00", "Z000.00:".
        guard let date = digits(0, template: 0x2D30_302D_3030_3030, excess: 0x7F76_767F_7676_7676),
            let time = digits(8, template: 0x3030_3A30_3054_3030, excess: 0x7676_7F76_767F_7676),
            let rest = digits(16, template: 0x5A30_3030_2E30_303A, excess: 0x7F76_7676_7F76_767F)
        else { return false }
        func pair(_ word: UInt64, _ at: UInt64) -> Int64 {
            Int64(word >> (at * 8) & 0xFF) * 10 + Int64(word >> (at * 8 + 8) & 0xFF)
        }
        let year = pair(date, 0) * 100 + pair(date, 2)
        let month = pair(date, 5)
        let day = pair(time, 0)
        return year >= 1 && (1...12).contains(month) && day >= 1 && day <= Timestamp.daysInMonth(year, month)
            && pair(time, 3) <= 23 && pair(time, 6) <= 59 && pair(rest, 1) <= 59
    }
}
