package import SyncModel
package import TestSupport
import Testing
package import UserDirectory

/// A directory under test, and a look at its tables from outside.
package protocol DirectoryFixture: Sendable {
    var directory: any UserDirectory { get }
    var clock: TestClock { get }
    /// Every row of a table, by id, each column as text (booleans as 1 and 0).
    func rows(_ table: String) throws -> [[String: String?]]
    /// Runs SQL of the CRM's, on a connection of its own.
    func execute(_ sql: String) throws
}

extension DirectoryFixture {
    /// Applies batches that are expected to be done at once.
    @discardableResult
    package func apply(_ batches: BatchWork...) async throws -> [BatchApplied] {
        try await directory.apply(batches, closeEarly: { false })
    }

    /// Applies one batch and returns its users' results in words: an outcome, or a failure's code; `deferred` for the rest.
    package func outcomes(_ batch: BatchWork) async throws -> [String] {
        let applied = try #require(try await apply(batch).first)
        var words: [UInt32: String] = [:]
        for user in applied.users { words[user.index] = user.code?.word ?? user.outcome.word }
        for index in applied.deferred { words[index] = "deferred" }
        return words.sorted { $0.key < $1.key }.map(\.value)
    }

    package func users(_ columns: String...) throws -> [[String?]] {
        try rows("users").map { row in columns.map { row[$0] ?? nil } }
    }

    /// Users as `id email`, where the tenant is `t1`.
    package func people(of tenant: TenantID = "t1") throws -> [String] {
        try rows("users").filter { $0["tenant_id"] == tenant.text }.map {
            "\(($0["wrapper_user_id"] ?? nil) ?? "-") \(($0["email"] ?? nil) ?? "-")"
        }
    }
}
