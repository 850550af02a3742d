import GRDBSQLite

/// How SQLite compares the texts of a column where a statement does not say.
enum Collation {
    /// By their bytes.
    static let bytes = "BINARY"

    /// The columns of `users` whose texts tell tenants and persons apart: by any other collation than `bytes`, one might be taken for
    /// another.
    static let identities = ["tenant_id", "wrapper_user_id", "kinde_user_id"]

    /// That of a column, in upper case; `nil` if there is no such column.
    static func of(_ column: String, in table: String, _ connection: OpaquePointer) -> String? {
        var name: UnsafePointer<CChar>?
        guard sqlite3_table_column_metadata(connection, "main", table, column, nil, &name, nil, nil, nil) == SQLITE_OK, let name
        else { return nil }
        return String(cString: name).uppercased()
    }

    /// Those of the identities that are not compared by their bytes.
    static func unfit(in table: String, _ connection: OpaquePointer) -> [(column: String, collation: String)] {
        identities.compactMap { column in
            guard let collation = of(column, in: table, connection), collation != bytes else { return nil }
            return (column, collation)
        }
    }
}
