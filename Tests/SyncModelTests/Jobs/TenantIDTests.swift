import SyncModel
import Testing

@Suite("Tenants are told apart by their bytes")
struct TenantIDTests {
    private let composed: TenantID = "caf\u{E9}"
    private let decomposed: TenantID = "cafe\u{301}"

    @Test("canonically equivalent spellings are two tenants, in a set and in an order too")
    func equivalentSpellings() {
        #expect(composed.text == decomposed.text, "what Swift holds for one text")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed, TenantID("caf" + "\u{E9}")]).count == 2)
        #expect((composed < decomposed) != (decomposed < composed))
    }

    @Test("the order is that of the bytes, as in SQLite")
    func order() {
        #expect(
            ["b", "a\u{10000}", "a\u{FFFF}", "a", "B"].map { TenantID($0) }.sorted() == [
                "B", "a", "a\u{FFFF}", "a\u{10000}", "b",
            ])
    }
}
