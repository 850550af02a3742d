import Testing

@testable import SyncModel

@Suite("The format of stored records")
struct RecordFormatTests {
    /// Bytes of a record, built by hand.
    private struct Bytes {
        var bytes: [UInt8] = []

        mutating func put(_ value: UInt64, bytes count: Int) {
            for at in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(at * 8))) }
        }

        mutating func put(_ text: String) { bytes += Array(text.utf8) }

        /// With its length and format in front.
        func record(format: UInt8) -> [UInt8] {
            var whole = Bytes()
            whole.put(UInt64(bytes.count), bytes: 3)
            return whole.bytes + [format] + bytes
        }
    }

    /// A record of format 1.
    /// - Parameters:
    ///   - states: by field number.
    ///   - texts: by field number.
    private func numbered(index: UInt64, states: [(Int, UInt64)], texts: [(UInt64, String)]) -> [UInt8] {
        var body = Bytes()
        body.put(index, bytes: 4)
        body.put(states.reduce(0) { $0 | $1.1 << UInt64($1.0 * 2) }, bytes: 8)
        for (number, text) in texts {
            body.put(UInt64(text.utf8.count), bytes: 3)
            body.put(number, bytes: 1)
            body.put(text)
        }
        return body.record(format: 1)
    }

    private func texts(_ payload: BatchPayload) -> [[UserField: String]] {
        var all: [[UserField: String]] = []
        payload.forEach { record in
            var texts: [UserField: String] = [:]
            record.forEachText { texts[$0] = String(decoding: $1, as: UTF8.self) }
            for field in UserField.allCases { #expect(record.text(field) == texts[field]) }
            all.append(texts)
        }
        return all
    }

    @Test("every field keeps the number it was given, for files hold it; a new one adds a line here")
    func numbers() {
        let given: [UserField: Int] = [
            .id: 0, .kindeUserID: 1, .email: 2, .name: 3, .avatar: 4, .isActive: 5, .isAdmin: 6, .department: 7, .title: 8,
            .lastActiveAt: 9, .roles: 10, .permissions: 11, .allowedApplications: 12, .subscriptionTier: 13, .problem: 14,
        ]
        for field in UserField.allCases { #expect(given[field] == field.rawValue, "\(field)") }
        #expect(UserField.numbers.upperBound <= UserRecord.fieldLimit)
    }

    @Test("a field that stores only a state is one whose rule asks for a boolean")
    func booleans() {
        for field in UserField.allCases { #expect(field.isBoolean == (field.rule?.kind == .boolean), "\(field)") }
    }

    @Test("is what is written: byte by byte")
    func layout() {
        var writer = UserRecordWriter()
        writer.begin(index: 0x0102)
        writer.set(.subscriptionTier, text: "pro")
        writer.set(.isAdmin, .yes)
        writer.set(.title, .null)
        writer.set(.email, text: "a@b.io")
        writer.end()
        let payload = BatchPayload(writer)
        let expected = numbered(index: 0x0102, states: [(13, 2), (6, 3), (8, 1), (2, 2)], texts: [(13, "pro"), (2, "a@b.io")])
        #expect(payload.bytes == expected)
        #expect(expected[..<8] == [29, 0, 0, 1, 2, 1, 0, 0])
        #expect(throws: Never.self) { try payload.check() }
    }

    @Test("a field of a later version neither shifts those behind it nor is passed over: the record is refused, naming it")
    func laterField() {
        // The 16th, the 17th (beyond 32 bits of states) and the last that there is room for.
        for number in [15, 16, 31] {
            for state in [1, 2, 3] as [UInt64] {
                let bytes = numbered(
                    index: 7, states: [(2, 2), (number, state), (3, 2), (13, 2)],
                    texts: [(2, "a@b.io")] + (state == 2 ? [(UInt64(number), "later")] : []) + [(3, "Ada"), (13, "pro")])
                let payload = BatchPayload(bytes: bytes, count: 1)
                #expect(texts(payload) == [[.email: "a@b.io", .name: "Ada", .subscriptionTier: "pro"]])
                #expect(throws: UnreadableRecord(index: 7, problem: .field(number))) { try payload.check() }
            }
        }
    }

    @Test("the last number that there is room for is told apart from all others")
    func lastNumber() {
        let bytes = numbered(index: 0, states: [(31, 3)], texts: [])
        BatchPayload(bytes: bytes, count: 1).forEach { record in
            for field in UserField.allCases { #expect(record.state(field) == .absent) }
        }
    }

    @Test("a record of a later format is refused, naming it; its neighbours and its place among them are known all the same")
    func laterFormat() {
        let good = numbered(index: 1, states: [(2, 2)], texts: [(2, "a@b.io")])
        var body = Bytes()
        body.put(2, bytes: 4)
        body.put("anything at all")
        let payload = BatchPayload(bytes: good + body.record(format: 9) + good, count: 3)
        #expect(texts(payload) == [[.email: "a@b.io"], [:], [.email: "a@b.io"]])
        var indices: [UInt32] = []
        payload.forEach { indices.append($0.index) }
        #expect(indices == [1, 2, 1])
        let error = UnreadableRecord(index: 2, problem: .format(9))
        #expect(throws: error) { try payload.check() }
        #expect("\(error)" == "The stored record of user 2 has format 9, which this version cannot read")
        #expect(payload.keeping([2]).bytes == body.record(format: 9), "and it is kept as it is")
    }

    @Test("a record of format 1 too short for its states has no fields and is refused")
    func tooShort() {
        var body = Bytes()
        body.put(5, bytes: 4)
        body.put(.max, bytes: 7)
        let payload = BatchPayload(bytes: body.record(format: 1) + [1, 2, 3, 4], count: 1)
        #expect(texts(payload) == [[:]])
        #expect(throws: UnreadableRecord.self) { try payload.check() }
    }

    @Test("a record from before there were formats is read: texts in the order of their numbers, without them")
    func format0() {
        var body = Bytes()
        body.put(3, bytes: 4)
        // Every text field has a value but `title`, which is null; `isActive` is false, `isAdmin` true.
        let values = (0..<15).filter { ![5, 6, 8].contains($0) }
        body.put(values.reduce(UInt64(2) << 10 | 3 << 12 | 1 << 16) { $0 | 2 << UInt64($1 * 2) }, bytes: 4)
        for number in values {
            body.put(UInt64("text \(number)".utf8.count), bytes: 4)
            body.put("text \(number)")
        }
        let payload = BatchPayload(bytes: body.record(format: 0), count: 1)
        let fields: [UserField] = [
            .id, .kindeUserID, .email, .name, .avatar, .department, .lastActiveAt, .roles, .permissions, .allowedApplications,
            .subscriptionTier, .problem,
        ]
        #expect(texts(payload) == [Dictionary(uniqueKeysWithValues: zip(fields, values.map { "text \($0)" }))])
        payload.forEach { record in
            #expect(record.index == 3)
            #expect(record.state(.isActive) == .value && record.state(.isAdmin) == .yes && record.state(.title) == .null)
        }
        #expect(throws: Never.self) { try payload.check() }
    }

    @Test("a state that format 0 has no field for is refused")
    func format0Damaged() {
        var body = Bytes()
        body.put(3, bytes: 4)
        body.put(1 << 30, bytes: 4)
        let payload = BatchPayload(bytes: body.record(format: 0), count: 1)
        #expect(throws: UnreadableRecord(index: 3, problem: .field(15))) { try payload.check() }
    }
}
