import SyncModel
import TestSupport
import Testing

@Suite("The body of a removal")
struct RemovalRequestReaderTests {
    private func read(_ body: [UInt8], by size: Int = .max) throws(RequestReadError) -> RemovalRequestOutcome {
        var reader = RemovalRequestReader()
        for start in stride(from: 0, to: body.count, by: min(size, max(body.count, 1))) {
            var failure: RequestReadError?
            Array(body[start..<min(body.count, start + min(size, body.count))]).withUnsafeBytes { bytes in
                do throws(RequestReadError) { try reader.feed(bytes) } catch { failure = error }
            }
            if let failure { throw failure }
        }
        return try reader.finish()
    }

    private func read(_ body: String) throws(RequestReadError) -> RemovalRequestOutcome { try read(Array(body.utf8)) }

    private func messages(_ body: String) throws -> [String] {
        guard case .refused(let violations) = try read(body) else { return [] }
        #expect(violations.count == violations.first.count)
        return violations.first.map { "\($0.message) \($0.type)" }
    }

    private static let wrapper = #"""
        {"operation":"user_removal","tenant":{"id":"t1","name":"Company"},"userId":"user\u002d1",
         "removedAt":"2025-08-19T10:00:00.000Z","reason":"left"}
        """#

    @Test("the wrapper's body is read, and its record names the user")
    func wrapper() throws {
        for size in [1, 2, 50, 1000] {
            guard case .removal(let removal) = try read(Array(Self.wrapper.utf8), by: size) else {
                Issue.record("refused"); return
            }
            #expect(removal.tenantID == "t1")
            #expect(removal.tenantName == "Company")
            #expect(removal.userID == "user-1")
            #expect(removal.removedAt == Timestamp(iso8601: "2025-08-19T10:00:00Z"))
            #expect(removal.reason == "left")
            #expect(removal.warnings.isEmpty)
            var records: [RecordText] = []
            removal.payload.forEach { records.append(RecordText($0)) }
            var expected = RecordText(index: 0)
            expected.states = [.id: .value]
            expected.texts = [.id: "user-1"]
            #expect(records == [expected])
        }
    }

    @Test("removedAt and reason may be null or absent; unknown keys are named")
    func optional() throws {
        let body =
            #"{"x":1,"operation":"user_removal","tenant":{"id":"t","name":"T","y":2},"userId":"u","removedAt":null,"reason":null}"#
        guard case .removal(let removal) = try read(body) else { Issue.record("refused"); return }
        #expect(removal.removedAt == nil)
        #expect(removal.reason == nil)
        #expect(removal.warnings == [#"Unknown key "x" was ignored"#, #"Unknown key "tenant.y" was ignored"#])
    }

    @Test("what breaks a rule is refused in Joi's words")
    func rules() throws {
        #expect(
            try messages("{}") == [
                #""operation" is required any.required"#, #""tenant" is required any.required"#,
                #""userId" is required any.required"#,
            ])
        #expect(try messages("[]") == [#""value" must be of type object object.base"#])
        #expect(try messages("42") == [#""value" must be of type object object.base"#])
        let long = String(repeating: "x", count: 501)
        let body = #"{"operation":"user_sync","tenant":{"id":"","name":1},"userId":"","removedAt":"x","reason":"\#(long)"}"#
        #expect(
            try messages(body) == [
                #""userId" is not allowed to be empty string.empty"#,
                #""removedAt" must be in ISO 8601 date format string.isoDate"#,
                #""reason" length must be less than or equal to 500 characters long string.max"#,
                #""operation" must be [user_removal] any.only"#, #""tenant.id" is not allowed to be empty string.empty"#,
                #""tenant.name" must be a string string.base"#,
            ])
        #expect(
            try messages(#"{"operation":"","tenant":7,"userId":null}"#) == [
                #""operation" is not allowed to be empty string.empty"#, #""tenant" must be of type object object.base"#,
                #""userId" must be a string string.base"#,
            ])
        #expect(
            try messages(Self.wrapper.replacing(#""reason""#, with: #""userId":"x","reason""#)) == [
                #""userId" is given twice object.duplicate"#
            ])
        #expect(
            try messages(Self.wrapper.replacing("user\\u002d1", with: String(repeating: "u", count: 256))) == [
                #""userId" length must be less than or equal to 255 characters long string.max"#
            ])
    }

    @Test(
        "a userId that says nothing is refused: whose it is cannot be known",
        arguments: [#"undefined"#, "null", " ", "\\t", "undefined null", #"\u0075ndefined"#, "\u{A0}"])
    func noID(_ id: String) throws {
        #expect(
            try messages(Self.wrapper.replacing("user\\u002d1", with: id)) == [
                #""userId" must be an id, not blank, undefined or null any.invalid"#
            ])
    }

    @Test("an id may look like it", arguments: ["undefined1", "Null", "nullable", "user", "none", "0"])
    func id(_ id: String) throws { #expect(try messages(Self.wrapper.replacing("user\\u002d1", with: id)).isEmpty) }

    @Test("it is read as strictly as a sync", arguments: SyntaxCase.all)
    func strict(_ bad: SyntaxCase) {
        #expect(throws: RequestReadError.malformed(RequestSyntaxError(offset: bad.offset, problem: bad.problem))) {
            try read(bad.body)
        }
    }

    @Test("64 KiB will do, more is an error of its own")
    func size() throws {
        let wrapper = Array(Self.wrapper.utf8)
        let padding = [UInt8](repeating: 0x20, count: RemovalRequestReader.maxBytes - wrapper.count)
        guard case .removal = try read(wrapper + padding, by: 1000) else { Issue.record("refused"); return }
        #expect(throws: RequestReadError.tooLarge(limit: 65_536)) { try read(wrapper + padding + [0x20], by: 1000) }
    }

    @Test("whatever bytes are changed, it does not crash")
    func mutations() {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed of the changed removals: \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<3000 {
            var body = Array(Self.wrapper.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                body[Int.random(in: 0..<body.count, using: &random)] =
                    Bool.random(using: &random)
                    ? UInt8.random(in: 0 ... .max, using: &random)
                    : Array(#"{}[]:,"\u0e"#.utf8).randomElement(using: &random) ?? 0
            }
            let whole = Result { () throws(RequestReadError) in try read(body) }
            #expect(Result { () throws(RequestReadError) in try read(body, by: 3) } == whole, "seed \(seed)")
        }
    }
}
