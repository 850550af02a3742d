import TestSupport
import Testing

@testable import PostgreSQLSupport

@Suite("Reading what came over the wire")
struct WireReaderTests {
    @Test("whatever bytes come, an array is read or refused", arguments: Property.seeds(known: [1], fresh: 5))
    func anyBytes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let array = PostgresValue.int4s([1, nil, 3]).bytes ?? []
        for _ in 0..<2000 {
            var bytes = array
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = [0, 1, 127, 128, 255].randomElement(using: &random) ?? 0
            }
            let count = Int.random(in: 0...bytes.count, using: &random)
            let elements = WireReader.elements(bytes[..<count], of: [23])
            #expect((elements?.count ?? 0) <= bytes.count / 4, "seed \(seed)")
        }
    }

    @Test("a count that the bytes cannot hold reserves nothing")
    func hugeCount() {
        let head: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 1]
        #expect(WireReader.elements(head[...], of: [23]) == nil)
    }

    @Test("an element that ends before its length is no element")
    func shortElement() {
        let head: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 1, 0, 0, 0, 1]
        #expect(WireReader.elements((head + [0, 0, 0, 4, 1, 2, 3, 4])[...], of: [23])?.count == 1)
        #expect(WireReader.elements((head + [0, 0, 0, 5, 1, 2, 3, 4])[...], of: [23]) == nil)
        #expect(WireReader.elements((head + [0xFF, 0xFF, 0xFF, 0xFE, 1, 2, 3, 4])[...], of: [23]) == nil)
    }

    @Test("a number is read from its own width alone")
    func widths() {
        #expect(WireReader.whole([0xFF, 0xFE], as: Int16.self) == -2)
        #expect(WireReader.whole([0, 0, 1], as: Int16.self) == nil)
        #expect(WireReader.whole([0], as: Int16.self) == nil)
        #expect(WireReader.whole([0x80, 0, 0, 0, 0, 0, 0, 0], as: Int64.self) == .min)
    }

    @Test("a time that the server cannot hold stays one", arguments: [Int64.min + 1, Int64.min + 946_684_800_000_000] as [Int64])
    func farTimes(microseconds: Int64) {
        let wire = PostgresTime.wire(microseconds)
        #expect(wire != .min && wire != .max, "infinity is something else")
        // What timestamp_recv takes: years -4713 to 294276.
        #expect(!(-211_813_488_000_000_000..<9_223_371_331_200_000_000).contains(wire))
    }
}
