import GRDB
import SQLiteSupport
import UserDirectory

/// Removes the integration guide's UNIQUE on the email from `users`, for which SQLite needs the table to be rebuilt: the
/// procedure of https://www.sqlite.org/lang_altertable.html, section 7. Keeps rows with their ids, further columns and
/// constraints, indexes, triggers, views, foreign keys from other tables and the AUTOINCREMENT count.
struct TableRebuild {
    let db: Database
    private static let temporaryName = "usersync_users_new"

    /// The pragmas that the procedure needs; they have no effect inside a transaction. Without foreign keys, a DROP TABLE deletes
    /// no children; with the legacy ALTER TABLE, a RENAME leaves references to `users` elsewhere as written.
    static func setPragmas(_ db: Database, rebuilding: Bool) throws {
        try db.execute(sql: "PRAGMA foreign_keys = \(rebuilding ? "OFF" : "ON")")
        try db.execute(sql: "PRAGMA legacy_alter_table = \(rebuilding ? "ON" : "OFF")")
    }

    /// Call it inside a transaction, with the pragmas set.
    func dropUniqueEmail() throws {
        guard let old = try TableShape(db, "users") else { return }
        let violations = try brokenForeignKeys()
        let attached = try Row.fetchAll(
            db,
            sql: """
                SELECT type, sql FROM sqlite_master
                WHERE lower(tbl_name) = 'users' AND type IN ('index', 'trigger') AND sql IS NOT NULL
                ORDER BY type = 'trigger', rowid
                """)

        guard var statement = CreateTableStatement(old.sql), statement.removeUnique(on: "email") else { throw unexpected() }
        statement.rename(to: Self.temporaryName)
        try db.execute(sql: statement.text)
        try copyRows(old)
        try db.execute(sql: "DROP TABLE users")
        try db.execute(sql: "ALTER TABLE \(Self.temporaryName) RENAME TO \(old.name.quotedDatabaseIdentifier)")
        for row in attached { try db.execute(sql: row["sql"]) }

        guard let new = try TableShape(db, "users"), new.columns == old.columns, try brokenForeignKeys() == violations,
            Set(new.indexes.filter { $0.origin == "c" }.map(\.name)) == Set(old.indexes.filter { $0.origin == "c" }.map(\.name)),
            !new.uniqueIndexes(on: ["email"]).contains(where: { $0.origin == "u" })
        else { throw unexpected() }
    }

    private func copyRows(_ old: TableShape) throws {
        let columns = old.columns.filter { $0.hidden == 0 }.map(\.name.quotedDatabaseIdentifier).joined(separator: ", ")
        try db.execute(sql: "INSERT INTO \(Self.temporaryName) (\(columns)) SELECT \(columns) FROM users")
        guard old.sql.uppercased().contains("AUTOINCREMENT") else { return }
        // Ids of deleted rows must not be reused.
        let count = try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = ?", arguments: [old.name])
        if let count {
            try db.execute(sql: "DELETE FROM sqlite_sequence WHERE name = ?", arguments: [Self.temporaryName])
            try db.execute(
                sql: "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", arguments: [Self.temporaryName, count])
        }
    }

    /// How many rows break a foreign key; SQLite checks only on request, so some may have before.
    private func brokenForeignKeys() throws -> Int {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM pragma_foreign_key_check") ?? 0
    }

    private func unexpected() -> DirectoryError {
        .unusable(
            """
            EMAIL_SCOPE=tenant needs the UNIQUE on users.email gone, and it could not be taken out of the table's definition by \
            itself. Make the table anew without it, or keep EMAIL_SCOPE=global
            """)
    }
}
