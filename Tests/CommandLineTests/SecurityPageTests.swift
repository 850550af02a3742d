import Foundation
import TestSupport
import Testing

@Suite("The security page")
struct SecurityPageTests {
    @Test("names tests that exist, in the suites that it says")
    func citations() throws {
        let titles = try Self.titlesBySuite()
        let page = try String(
            contentsOf: Repository.root.appending(path: "Sources/usersync/Documentation.docc/Security.md"), encoding: .utf8)
        var suite = ""
        var cited = 0
        // | threat | defence | *suite* › title; the same › title |
        for row in page.split(separator: "\n") where row.hasPrefix("| ") && row.contains(" › ") {
            let cell = row.dropLast(2).components(separatedBy: " | ").last ?? ""
            for match in cell.matches(of: /(?:\*(?<suite>[^*]+)\*|the same) › (?<title>.+?)(?=; (?:\*|the same › )|$)/) {
                if let named = match.output.suite { suite = String(named) }
                #expect(titles[suite]?.contains(String(match.output.title)) == true, "\(suite) › \(match.output.title)")
                cited += 1
            }
        }
        #expect(cited > 30)
    }

    /// The titles of the tests in each suite's file.
    private static func titlesBySuite() throws -> [String: Set<String>] {
        let folder = Repository.root.appending(path: "Tests")
        var found: [String: Set<String>] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) where path.hasSuffix(".swift") {
            let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
            var suite = ""
            for match in text.matches(of: /@(Suite|Test)\(\s*"((?:[^"\\]|\\.)*)"/) {
                if match.output.1 == "Suite" { suite = String(match.output.2) }
                found[suite, default: []].insert(String(match.output.2))
            }
        }
        return found
    }
}
