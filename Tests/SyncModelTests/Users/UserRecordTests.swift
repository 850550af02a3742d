import SyncModel
import TestSupport
import Testing

@Suite("Records of users")
struct UserRecordTests {
    /// Some records with any states and texts.
    private func records(_ count: Int, _ random: inout SeededGenerator) -> (BatchPayload, [RecordText]) {
        var writer = UserRecordWriter()
        var texts: [RecordText] = []
        for index in 0..<UInt32(count) {
            var record = RecordText(index: index * 3)
            writer.begin(index: record.index)
            for field in UserField.allCases.shuffled(using: &random) {
                let states: [FieldState] = field.isBoolean ? [.absent, .null, .value, .yes] : [.absent, .null, .value]
                let state = states.randomElement(using: &random) ?? .absent
                if state != .absent { record.states[field] = state }
                if state == .value, !field.isBoolean {
                    let text = String(repeating: "é😀x", count: Int.random(in: 0...300, using: &random))
                    record.texts[field] = text
                    writer.set(field, text: text)
                } else {
                    writer.set(field, state)
                }
            }
            // One in four is given up.
            if Int.random(in: 0..<4, using: &random) == 0 {
                writer.cancel()
            } else {
                writer.end()
                texts.append(record)
            }
        }
        return (BatchPayload(writer), texts)
    }

    @Test("what was written is read back, field by field, whatever the order it was written in")
    func roundTrip() {
        var random = SeededGenerator(seed: 11)
        let (payload, expected) = records(200, &random)
        #expect(payload.count == expected.count)
        var read: [RecordText] = []
        payload.forEach { record in
            read.append(RecordText(record))
            var texts: [UserField: String] = [:]
            record.forEachText { texts[$0] = String(decoding: $1, as: UTF8.self) }
            #expect(texts == RecordText(record).texts)
        }
        #expect(read == expected)
    }

    @Test("a payload keeps the records asked for")
    func keeping() {
        var random = SeededGenerator(seed: 12)
        let (payload, expected) = records(50, &random)
        let kept = payload.keeping([0, 3, 9, 60, 7777])
        var read: [RecordText] = []
        kept.forEach { read.append(RecordText($0)) }
        #expect(read == expected.filter { [0, 3, 9, 60].contains($0.index) })
        #expect(kept.count == read.count)
    }

    @Test("a damaged payload ends early and does not crash")
    func damaged() {
        var random = SeededGenerator(seed: 13)
        let (payload, _) = records(6, &random)
        for cut in stride(from: 0, through: payload.bytes.count, by: 7) {
            BatchPayload(bytes: Array(payload.bytes[..<cut]), count: 6).forEach { _ = RecordText($0) }
        }
        for _ in 0..<2000 {
            var bytes = payload.bytes
            for _ in 0..<3 { bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0 ... .max, using: &random) }
            BatchPayload(bytes: bytes, count: 6).forEach { record in
                _ = RecordText(record)
                record.forEachText { _, _ in }
            }
        }
    }
}
