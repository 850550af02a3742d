import Foundation
import GRDB
import SQLiteSupport
package import UserDirectory

/// Inspects the tables of an SQLite file without changing anything, for checks before and beside a running server.
package enum SchemaInspection {
    package enum Finding: Sendable, Hashable {
        /// There is no file: the first start creates it.
        case absent
        /// A database without the integration guide's tables, named here: the next start creates them.
        case missing(tables: [String])
        /// The integration guide's tables without all of usersync's columns (`table.column`): the next start adds them.
        case upgradable(columns: [String])
        /// Tables that lack some of the integration guide's own columns (`table.column`).
        case foreign(columns: [String])
        /// Complete.
        case ready
    }

    /// The integration guide's columns, then those that the payload needs beyond them.
    private static let tables = [
        (name: "users", guide: GuideTables.userColumns, ours: GuideTables.userAdditions),
        (name: "sync_logs", guide: GuideTables.syncLogColumns, ours: GuideTables.syncLogAdditions),
    ]

    /// - Parameter path: of the CRM's database.
    /// - Throws: `DirectoryError.unavailable` if the file exists but cannot be read as a database.
    package static func inspect(path: String) throws(DirectoryError) -> Finding {
        guard FileManager.default.fileExists(atPath: path) else { return .absent }
        guard !DatabaseFile.isOtherThanFile(path) else { throw .unavailable("it is a folder, a pipe or a device") }
        do {
            var configuration = Configuration()
            configuration.readonly = true
            return try DatabaseQueue(path: path, configuration: configuration).read { database in
                try inspect(database)
            }
        } catch let error as DatabaseError {
            throw .unavailable(error.message ?? "SQLite error \(error.resultCode.rawValue)")
        } catch {
            throw .unavailable("\(error)")
        }
    }

    private static func inspect(_ database: Database) throws -> Finding {
        var missing: [String] = []
        var foreign: [String] = []
        var lacking: [String] = []
        for table in tables {
            guard try database.tableExists(table.name) else {
                missing.append(table.name)
                continue
            }
            let columns = Set(try database.columns(in: table.name).map { $0.name.lowercased() })
            func absent(_ wanted: [GuideTables.Column]) -> [String] {
                wanted.map(\.name).filter { !columns.contains($0) }.map { "\(table.name).\($0)" }
            }
            foreign += absent(table.guide)
            lacking += absent(table.ours)
        }
        if !foreign.isEmpty { return .foreign(columns: foreign) }
        if !missing.isEmpty { return .missing(tables: missing) }
        return lacking.isEmpty ? .ready : .upgradable(columns: lacking)
    }
}
