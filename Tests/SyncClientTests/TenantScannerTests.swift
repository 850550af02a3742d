import Testing

@testable import SyncClient

@Suite("The tenant of a request")
struct TenantScannerTests {
    private func find(_ json: String, size: Int = 3) -> TenantScanner.Finding {
        var scanner = TenantScanner()
        var rest = Array(json.utf8)[...]
        while !rest.isEmpty {
            scanner.feed(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        return scanner.finding
    }

    @Test(
        "is found wherever it stands, and nothing else is taken for it",
        arguments: [
            (#"{"tenant":{"id":"a"}}"#, "a"),
            (#"{"operation":"tenant","id":"no","tenant":{"name":"id","x":{"id":"no"},"id":"b"}}"#, "b"),
            (#"{"users":[{"tenant":{"id":"no"}},{"id":"no"}],"tenant":{"x":["id","no"],"id":"c"}}"#, "c"),
            (#"{"x":{"id":"no"},"te\u006eant":{"i\u0064":"d\"\u00e9\\"}}"#, "d\"é\\"), (#" { "tenant" : { "id" : "e" } "#, "e"),
            (#"{"x":"{\"tenant\":{\"id\":\"no\"}}","tenant":{"id":"f"}}"#, "f"),
        ])
    func found(json: String, id: String) {
        for size in [1, 2, 64] { #expect(find(json, size: size) == .found(id)) }
    }

    @Test(
        "is absent where there is none",
        arguments: [
            "{}", "[]", #"{"tenant":"x"}"#, #"{"tenant":{"id":7,"name":"n"}}"#, #"{"tenant":[{"id":"x"}]}"#,
            #"{"a":{"id":"x"},"id":"y"}"#,
        ])
    func absent(json: String) {
        #expect(find(json) == .absent)
    }

    @Test("is still searched for while the document goes on")
    func searching() {
        #expect(find(#"{"users":[{"id":"#) == .searching)
    }
}
