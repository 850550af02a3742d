import Foundation
import SyncAPI
import TestSupport
import Testing

/// Members and endpoints are named in one place, from which server, client and OpenAPI document follow: a wrong name would be wrong
/// everywhere alike. `openapi-0.1.0.txt` has the names that callers of version 0.1.0 know, as JSON pointers into its document.
@Suite("What callers of version 0.1.0 know")
struct EarlierCallerTests {
    @Test("is still there: every endpoint, status, parameter and member")
    func names() throws {
        let document = try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.json()))
        let known = try String(
            contentsOf: Repository.root.appending(path: "Tests/SyncAPITests/Fixtures/openapi-0.1.0.txt"), encoding: .utf8
        ).split(separator: "\n")
        #expect(known.count > 400)
        #expect(known.filter { value(at: $0, in: document) == nil } == [])
    }

    private func value(at pointer: Substring, in document: Any) -> Any? {
        pointer.split(separator: "/").reduce(document as Any?) { value, part in
            let name = String(part).replacingOccurrences(of: "~1", with: "/").replacingOccurrences(of: "~0", with: "~")
            if let array = value as? [Any] { return Int(name).flatMap { array.indices.contains($0) ? array[$0] : nil } }
            return (value as? [String: Any])?[name]
        }
    }
}
