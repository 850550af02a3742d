import Foundation
import SQLiteSupport
package import UserDirectory

/// Inspects the tables of an SQLite file without changing it or adding files, for checks before and beside a running server.
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
        /// Ids in columns (`table.column`) that do not compare texts by their bytes.
        case unfit(columns: [String])
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
            return try DatabaseFile.inspect(path, tables(of:))
        } catch {
            throw .unavailable(SQLiteFailure(error)?.message ?? "\(error)")
        }
    }

    private static func tables(of connection: OpaquePointer) throws -> Finding {
        let isTable = try SQLStatement(
            connection, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE")
        let columnNames = try SQLStatement(connection, "SELECT lower(name) FROM pragma_table_info(?1)")
        var missing: [String] = []
        var foreign: [String] = []
        var lacking: [String] = []
        for table in tables {
            guard try isTable.first(.text(table.name), map: { _ in true }) != nil else {
                missing.append(table.name)
                continue
            }
            let columns = Set(try columnNames.all(.text(table.name)) { $0.text(0) })
            func absent(_ wanted: [GuideTables.Column]) -> [String] {
                wanted.map(\.name).filter { !columns.contains($0) }.map { "\(table.name).\($0)" }
            }
            foreign += absent(table.guide)
            lacking += absent(table.ours)
        }
        if !foreign.isEmpty { return .foreign(columns: foreign) }
        let unfit = Collation.unfit(in: "users", connection).map { "users.\($0.column)" }
        if !unfit.isEmpty { return .unfit(columns: unfit) }
        if !missing.isEmpty { return .missing(tables: missing) }
        return lacking.isEmpty ? .ready : .upgradable(columns: lacking)
    }
}
