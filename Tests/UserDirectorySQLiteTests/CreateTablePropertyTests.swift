import TestSupport
import Testing
import UserDirectoryConformance

@testable import UserDirectorySQLite

@Suite("Any text as a CREATE TABLE")
struct CreateTablePropertyTests {
    private static let words = [
        "create", "table", "if", "not", "exists", "(", ")", ",", "unique", "email", "constraint", "on", "conflict", "ignore",
        "\"users\"", "[", "]", "`", "'", "--", "/*", "*/", "\n", "check", "é", ".", "\"", "primary", "key", "text",
    ]

    @Test("whatever it says, it is read to its end and no place beyond", arguments: Property.seeds(known: [1, 2, 3], fresh: 20))
    func anything(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let head = Bool.random(using: &random) ? "create table users (" : ""
            let tail = (0..<Int.random(in: 0...14, using: &random)).map { _ in Self.words.randomElement(using: &random) ?? "" }
            guard var statement = CreateTableStatement(head + tail.joined(separator: " ")) else { continue }
            _ = statement.removeUnique(on: "email")
            statement.rename(to: "other")
            #expect(!statement.text.isEmpty, "PROPERTY_SEED=\(seed)")
        }
    }
}
