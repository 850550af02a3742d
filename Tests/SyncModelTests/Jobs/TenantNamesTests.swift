import SyncModel
import Testing

@Suite("What a tenant's name looks like")
struct TenantNamesTests {
    private let uuid: TenantID = "3f2b6c1e-0d4a-4b8f-9a51-7c2e9d3f1a01"

    @Test("a UUID, a Kinde organisation and a label are told apart")
    func kinds() {
        #expect(uuid.nameKind == .uuid)
        #expect(TenantID(uuid.text.uppercased()).nameKind == .uuid)
        #expect(TenantID("org_acme9f3").nameKind == .organisation)
        #expect(TenantID("acme").nameKind == .subdomain)
        #expect(TenantID("a-1").nameKind == .subdomain)
        #expect(TenantID("org-1").nameKind == .subdomain)
        #expect(TenantID(String(repeating: "a", count: 63)).nameKind == .subdomain)
    }

    @Test(
        "what a mistake leaves is of no kind",
        arguments: [
            "", " ", "\t", "undefined", "null", "NaN", "nan", "true", "0", "42", "-", "a-", "-a", "a b", "a.b", "a_b", "Acme",
            "café",
            "cafe\u{301}", "[object Object]", "org_", "org_undefined", "org_NULL", "org_a b", "org_a/b", "acme\u{0}",
            "00000000-0000-0000-0000-000000000000",
        ])
    func mistakes(_ text: String) {
        #expect(TenantID(text).nameKind == nil)
    }

    @Test("too long ones are of no kind")
    func lengths() {
        #expect(TenantID(String(repeating: "a", count: 64)).nameKind == nil)
        #expect(TenantID("org_" + String(repeating: "a", count: 65)).nameKind == nil)
    }

    @Test("one name of each kind counts, none of the sent one's kind, and none beside a sent one without a kind")
    func others() {
        #expect(TenantNames(sent: uuid, others: ["org_1", "org_2", "acme", "bolt", "null", uuid]).others == ["org_1", "acme"])
        #expect(TenantNames(sent: "acme", others: ["bolt", "org_1"]).others == ["org_1"])
        #expect(TenantNames(sent: "Acme Ltd", others: ["org_1", "acme"]).others.isEmpty)
    }

    @Test("another UUID or organisation is foreign, another label is not, and any name is beside a mistake")
    func foreign() {
        #expect(TenantNames(sent: uuid, others: ["org_1", "org_2", "acme", "bolt"]).foreign == "org_2")
        #expect(TenantNames(sent: "org_1", others: ["org_1", "acme"]).foreign == nil)
        #expect(TenantNames(sent: "acme", others: ["bolt", "org_1"]).foreign == nil)
        #expect(TenantNames(sent: "undefined", others: ["null", "acme"]).foreign == "acme")
        #expect(TenantNames(sent: "42", others: ["org_1"]).foreign == nil)
        #expect(TenantNames(sent: "org_1", others: ["org_2", "acme"]).withoutOthers.foreign == "org_2")
    }
}
