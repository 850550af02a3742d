import TestSupport
import Testing

@testable import SyncModel

@Suite("Timestamps")
struct TimestampTests {
    /// What a damaged row, a clock or a receiver may say.
    private static let odd: [Int64] = [.min, .min + 1, -62_135_596_800_000_001, -1, 0, 253_402_300_800_000_000, .max - 1, .max]
    private static let oddSeconds: [Double] = [.nan, .infinity, -.infinity, 1e300, -1e300, 9.3e12, -9.3e12, 0, 1e-9]

    @Test("no number of microseconds or seconds ends the process, and what is written is read back", arguments: odd)
    func extremes(microseconds: Int64) {
        let moment = Timestamp(microseconds: microseconds)
        let nearest = min(max(microseconds, -62_135_596_800_000_000), 253_402_300_799_999_999)
        #expect(Timestamp(iso8601: moment.iso8601)?.microseconds == nearest)
        for seconds in Self.oddSeconds {
            let later = moment.advanced(bySeconds: seconds)
            #expect(seconds >= 0 || seconds.isNaN ? later >= moment : later <= moment)
            #expect(Timestamp(seconds: seconds).seconds.isFinite)
        }
        for other in Self.odd.map(Timestamp.init(microseconds:)) {
            #expect((moment.seconds(since: other) > 0) == (moment > other))
        }
    }

    @Test(
        "ISO 8601 is read",
        arguments: [
            ("1970-01-01", 0), ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000001Z", 1),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("2025-08-19T10:00:00.000Z", 1_755_597_600_000_000), ("2025-08-19T10:00Z", 1_755_597_600_000_000),
            ("2025-08-19T12:00:00+02:00", 1_755_597_600_000_000), ("2025-08-19T12:00:00+0200", 1_755_597_600_000_000),
            ("2025-08-19T12:00+02", 1_755_597_600_000_000), ("2025-08-19T04:30:00-05:30", 1_755_597_600_000_000),
            ("2025-08-19 10:00:00", 1_755_597_600_000_000), ("2025-08-19t10:00:00z", 1_755_597_600_000_000),
            ("2025-08-19T10:00:00,5Z", 1_755_597_600_500_000), ("2025-08-19T10:00:00.1234567899Z", 1_755_597_600_123_456),
            ("2024-02-29", 1_709_164_800_000_000), ("2000-02-29", 951_782_400_000_000),
            ("2025-08-19T24:00:00Z", 1_755_648_000_000_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000), ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ])
    func read(_ text: String, _ microseconds: Int64) {
        #expect(Timestamp(iso8601: text)?.microseconds == microseconds)
    }

    @Test(
        "what is no ISO 8601, or no date, is not read",
        arguments: [
            "", "2025", "2025-08", "2025-8-19", "25-08-19", "2025-08-19T", "2025-08-19T10", "2025-08-19T10:0",
            "2025-08-19T10:00:",
            "2025-08-19T10:00:00.", "2025-08-19T10:00:00.Z", "2025-08-19T10:00:00ZZ", "2025-08-19T10:00:00 Z", "2025-08-19T25:00",
            "2025-08-19T24:00:01", "2025-08-19T24:00:00.1", "2025-08-19T10:60", "2025-08-19T10:00:60Z", "2025-00-01",
            "2025-13-01",
            "2025-01-00", "2025-01-32", "2025-02-29", "1900-02-29", "2025-04-31", "0000-01-01", "2025-08-19T10:00+24:00",
            "2025-08-19T10:00+02:60", "2025-08-19T10:00+2", "2025-08-19T10:00+02:0", "2025-08-19T10:00+02:00x", "2025/08/19",
            "20250819",
            " 2025-08-19", "2025-08-19 ", "+2025-08-19", "２０２５-08-19", "now",
            // In UTC these lie outside the years that can be written.
            "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "9999-12-31T24:00:00Z",
        ])
    func refused(_ text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test("milliseconds are written, and microseconds where there are some")
    func written() {
        #expect(Timestamp(microseconds: 0).iso8601 == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp(microseconds: 1_755_597_600_120_000).iso8601 == "2025-08-19T10:00:00.120Z")
        #expect(Timestamp(microseconds: 1_755_597_600_000_001).iso8601 == "2025-08-19T10:00:00.000001Z")
        #expect(Timestamp(microseconds: -1).iso8601 == "1969-12-31T23:59:59.999999Z")
        #expect(Timestamp(microseconds: -62_135_596_800_000_000).iso8601 == "0001-01-01T00:00:00.000Z")
        #expect(Timestamp(microseconds: 253_402_300_799_999_999).iso8601 == "9999-12-31T23:59:59.999999Z")
    }

    @Test("what was written is read back, and is canonical where it has milliseconds only")
    func roundTrip() {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed of the moments: \(seed)")
        var random = SeededGenerator(seed: seed)
        for round in 0..<4000 {
            var microseconds = Int64.random(in: -62_135_596_800_000_000...253_402_300_799_999_999, using: &random)
            if round.isMultiple(of: 2) { microseconds -= microseconds % 1000 }
            let moment = Timestamp(microseconds: microseconds)
            var text = moment.iso8601
            #expect(Timestamp(iso8601: text) == moment, "seed \(seed): \(text)")
            let isCanonical = text.withUTF8 { Timestamp.isCanonical(UnsafeRawBufferPointer($0)) }
            #expect(isCanonical == (microseconds % 1000 == 0), "seed \(seed): \(text)")
        }
    }

    @Test("canonical is what would be written, and nothing else")
    func canonical() {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed of the texts: \(seed)")
        var random = SeededGenerator(seed: seed)
        for round in 0..<8000 {
            var bytes = Array("2024-12-28T19:49:29.999Z".utf8)
            for _ in 0...(round % 3) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                bytes[at] =
                    round.isMultiple(of: 4) ? .random(in: 0 ... .max, using: &random) : .random(in: 0x2A...0x3C, using: &random)
            }
            bytes.withUnsafeBytes { raw in
                let written = Timestamp(iso8601: raw)?.iso8601
                #expect(Timestamp.isCanonical(raw) == (written?.utf8.elementsEqual(bytes) ?? false), "seed \(seed): \(bytes)")
            }
        }
        // Every number of two digits in every place that holds one.
        for place in [0, 2, 5, 8, 11, 14, 17] {
            for number in 0...99 {
                for sample in ["2024-02-29T00:00:00.000Z", "2023-04-30T23:59:59.999Z", "0001-01-01T00:00:00.000Z"] {
                    var bytes = Array(sample.utf8)
                    bytes[place] = UInt8(48 + number / 10)
                    bytes[place + 1] = UInt8(48 + number % 10)
                    let text = String(decoding: bytes, as: UTF8.self)
                    let isCanonical = bytes.withUnsafeBytes { Timestamp.isCanonical($0) }
                    guard isCanonical != (Timestamp(iso8601: text)?.iso8601 == text) else { continue }
                    Issue.record("\(text)")
                }
            }
        }
        #expect(!Timestamp.isCanonical(UnsafeRawBufferPointer(start: nil, count: 0)))
    }

    @Test("seconds, order and distance agree")
    func arithmetic() {
        let moment = Timestamp(seconds: 1.5)
        #expect(moment.microseconds == 1_500_000)
        #expect(moment.seconds == 1.5)
        #expect(moment.advanced(bySeconds: -0.25).microseconds == 1_250_000)
        #expect(moment.advanced(bySeconds: 2).seconds(since: moment) == 2)
        #expect(moment < moment.advanced(bySeconds: 0.000001))
    }
}
