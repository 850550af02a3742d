import Foundation
import GRDB

/// A second connection to the CRM's database, as another process would have it.
final class OtherProcess: Sendable {
    private let database: DatabaseQueue

    init(path: String) throws {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        configuration.busyMode = .timeout(10)
        database = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Takes the write lock and keeps it.
    func lock() throws { try execute("BEGIN IMMEDIATE") }
    func unlock() throws { try execute("ROLLBACK") }

    func execute(_ sql: String) throws {
        try database.inDatabase { try $0.execute(sql: sql) }
    }

    func close() throws { try database.close() }
}
