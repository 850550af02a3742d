import GRDBSQLite
import SQLiteSupport

/// The ids of a table of the CRM.
///
/// SQLite answers an insert into a table with `AUTOINCREMENT` that has the highest id there is with SQLITE_FULL, as if the disk were
/// full, and ends the transaction.
struct RowIDs {
    let statements: UserStatements
    let table: String

    init(of table: String, _ statements: UserStatements) {
        self.statements = statements
        self.table = table
    }

    /// More rows than a transaction creates.
    private static let manyRows: Int64 = 1 << 32

    /// What an insert's failure means: a refusal of the row if no id is left for it, whatever SQLite calls it.
    func failure(_ failure: SQLiteFailure) -> SQLiteFailure {
        // The rows that used up the last ids may have gone with the transaction.
        guard failure.primaryCode == SQLITE_FULL, (try? isHighest(.max - Self.manyRows)) == true else { return failure }
        return .idsUsedUp(of: table)
    }

    /// - Throws: if there is none left for another row.
    func expectMore() throws(SQLiteFailure) {
        if try isHighest(.max) { throw .idsUsedUp(of: table) }
    }

    /// Whether the highest id that the table has, or had, is at least this.
    private func isHighest(_ least: Int64) throws(SQLiteFailure) -> Bool {
        // The table exists once any table of the file counts its ids.
        guard try statements("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").found() else { return false }
        let select = try statements(
            """
            SELECT 1 WHERE max((SELECT ifnull(max(id), 0) FROM \(table)),
              (SELECT ifnull(max(seq), 0) FROM sqlite_sequence WHERE lower(name) = '\(table)')) >= ?1
            """)
        select.bind(1, least)
        return try select.found()
    }
}
