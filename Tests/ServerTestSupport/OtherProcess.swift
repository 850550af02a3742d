import Foundation
import GRDB

/// A second connection to the CRM's database, as another process would have it.
package final class OtherProcess: Sendable {
    private let database: DatabaseQueue

    package init(path: String) throws {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        configuration.busyMode = .timeout(10)
        database = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Takes the write lock and keeps it.
    package func lock() throws { try execute("BEGIN IMMEDIATE") }
    package func unlock() throws { try execute("ROLLBACK") }

    package func execute(_ sql: String) throws {
        try database.inDatabase { try $0.execute(sql: sql) }
    }

    package func close() throws { try database.close() }

    /// Runs `body` while it holds the write lock of a file, and lets go of it.
    package static func whileItLocks<Value>(_ path: String, _ body: () async throws -> Value) async throws -> Value {
        let other = try OtherProcess(path: path)
        try other.lock()
        let value: Value
        do {
            value = try await body()
        } catch {
            try? other.unlock()
            throw error
        }
        try other.unlock()
        try other.close()
        return value
    }

    /// Makes triggers of the CRM's own that take their time over users that come or change.
    /// - Parameters:
    ///   - condition: which users, in SQL over `NEW`.
    ///   - steps: what each costs; 10,000 take about a millisecond.
    package static func slowDown(_ path: String, when condition: String = "TRUE", steps: Int = 10_000) throws {
        let other = try OtherProcess(path: path)
        for event in ["INSERT", "UPDATE"] {
            try other.execute(
                """
                CREATE TRIGGER slow_\(event) BEFORE \(event) ON users WHEN \(condition) BEGIN
                  SELECT count(*) FROM
                    (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < \(steps)) SELECT x FROM c);
                END
                """)
        }
        try other.close()
    }
}
