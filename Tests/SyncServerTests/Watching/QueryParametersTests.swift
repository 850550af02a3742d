import SyncModel
import SyncServer
import Testing

@Suite("Query parameters")
struct QueryParametersTests {
    @Test(
        "are decoded as forms are",
        arguments: [
            ("a=b", "b"), ("a=b+c", "b c"), ("a=b%2Bc", "b+c"), ("a=%C3%BC", "ü"), ("a=b=c", "b=c"), ("%61=b", "b"),
            ("&&x=1&a=b&", "b"), ("b=1&a=%26", "&"),
        ])
    func decoding(query: String, value: String) throws {
        #expect(try QueryParameters(query).text("a") == value)
    }

    @Test("that are absent are nil, whatever else is there", arguments: [nil, "", "&", "=", "b=1", "%zz=1", "aa=1"])
    func absent(query: String?) throws {
        #expect(try QueryParameters(query).text("a") == nil)
    }

    @Test(
        "that are unknown are refused where they would be a filter, and named",
        arguments: ["a=1&tenantid=2", "b", "a=1&=", "a=1&%zz"])
    func unknown(query: String) {
        let error = #expect(throws: APIError.self) { try QueryParameters(query).expectOnly("a", "tenantId") }
        #expect(error.map { "\($0)" }?.contains("a, tenantId") == true)
        #expect(throws: Never.self) { try QueryParameters("tenantId=2&a=1&&").expectOnly("a", "tenantId") }
    }

    @Test(
        "that are not text are refused",
        arguments: [
            "a", "a=", "a=%", "a=%4", "a=%4x", "a=%C3", "a=%00", "a=1&a=1", "a=1&%61=2",
            "a=\(String(repeating: "x", count: 256))",
        ])
    func refused(query: String) {
        #expect(throws: APIError.self) { try QueryParameters(query).text("a") }
    }

    @Test("have a length in Unicode scalars, as the OpenAPI document counts them, not in what a reader sees as one character")
    func scalars() throws {
        let joined = "e" + String(repeating: "%CC%81", count: TextLimits.name)
        #expect(throws: APIError.self) { try QueryParameters("a=\(joined)").text("a") }
        let whole = String(repeating: "e%CC%81", count: TextLimits.name / 2)
        #expect(try QueryParameters("a=\(whole)").text("a") != nil)
    }

    @Test("that are times may lack the encoding of their offset's plus")
    func times() throws {
        let expected = Timestamp(iso8601: "2025-08-19T10:00:00Z")
        for text in ["2025-08-19T12:00:00+02:00", "2025-08-19T12:00:00%2B02:00", "2025-08-19T10:00:00Z", "2025-08-19+10:00:00Z"] {
            #expect(try QueryParameters("t=\(text)").time("t") == expected, "\(text)")
        }
        #expect(throws: APIError.self) { try QueryParameters("t=2025-08-19 12:00 x").time("t") }
    }
}
