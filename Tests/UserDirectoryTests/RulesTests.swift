import SyncModel
import Testing
import UserDirectoryConformance

@testable import UserDirectory

@Suite("Rules that every driver shares")
struct RulesTests {
    @Test("the ledger's bytes say what was put in, and little more than a byte a figure")
    func ledgerResults() throws {
        let users = [
            AppliedUser(index: 0, outcome: .created, crmUserID: 1),
            AppliedUser(index: 1, outcome: .updated, crmUserID: 900_000_000_000),
            AppliedUser(index: 4_000_000_000, outcome: .failed, code: .refusedByDatabase, detail: "CHECK constraint failed: ✓"),
            AppliedUser(index: 3, outcome: .failed, code: .identityConflict, crmUserID: .max),
            AppliedUser(index: 2, outcome: .stale, crmUserID: .min),
            AppliedUser(index: 5, outcome: .failed, code: .invalidUser, detail: ""),
            AppliedUser(index: 6, outcome: .updated, crmUserID: 7, isRelinked: true),
        ]
        let deferred: Set<UInt32> = [7, 0, .max]
        let bytes = LedgerResults.encode(users, deferred: deferred)
        let decoded = try #require(bytes.withUnsafeBytes { LedgerResults.decode($0) })
        #expect(decoded.users == users && decoded.deferred == deferred)
        for count in 0..<bytes.count {
            #expect(bytes.prefix(count).withUnsafeBytes { LedgerResults.decode($0) } == nil, "cut to \(count) bytes")
        }
        let batch = (0..<100).map { AppliedUser(index: UInt32($0), outcome: .created, crmUserID: 1_000_000 + Int64($0)) }
        #expect(LedgerResults.encode(batch, deferred: []).count < 320)
        let empty = LedgerResults.encode([], deferred: [])
        #expect(try #require(empty.withUnsafeBytes { LedgerResults.decode($0) }).users.isEmpty)
    }

    @Test("what a database says is shown without the user's values, and short")
    func refusalDetail() {
        let fields = RecordFields()
        let payload = BatchPayload([TestUser("id-17", "Ann@X.example", name: "Ann Other", [.title: .text("Mx")])])
        let said = "no: Ann@X.example, ann@x.example, Ann Other (id-17)"
        payload.forEach {
            fields.load($0)
            let shown = RefusalDetail.text(said, hiding: fields)
            #expect(shown == "no: …, …, … (…)")
            let long = RefusalDetail.text(String(repeating: "x", count: 900), hiding: fields)
            #expect(long.count == 200)
        }
        var nameless = TestUser(nil, "Ann.B@x.example")
        nameless.fields[.name] = .null
        BatchPayload([nameless]).forEach {
            fields.load($0)
            #expect(RefusalDetail.text("no: Ann.B", hiding: fields) == "no: …", "what it would be named")
        }
    }

    @Test("an email longer than most is folded whole")
    func longEmail() {
        let fields = RecordFields()
        let sent = String(repeating: "AbC", count: 400) + "@X.example"
        BatchPayload([TestUser(nil, sent)]).forEach {
            fields.load($0)
            #expect(fields.email.map { String(decoding: $0, as: UTF8.self) } == sent.lowercased())
            #expect(fields[.email].map { String(decoding: $0, as: UTF8.self) } == sent)
        }
    }
}
