import GRDB
import UserDirectory

/// A table as SQLite describes it.
struct TableShape {
    struct Column: Equatable {
        var name: String
        var type: String
        var isNotNull: Bool
        var defaultValue: String?
        /// Its position in the primary key, from 1; 0 if it is not part of it.
        var keyPosition: Int
        /// 0 for a plain column; 2 and 3 are generated.
        var hidden: Int
        /// How its texts are compared, in upper case.
        var collation: String
    }

    struct Index: Equatable {
        var name: String
        var isUnique: Bool
        /// `c`: by CREATE INDEX; `u`: by a UNIQUE in the table; `pk`: by its primary key.
        var origin: String
        var isPartial: Bool
        /// Lower-case names of the key's columns; `nil` for an expression.
        var columns: [String?]
        /// Whether it compares each of them as the column itself does. SQLite does not look anything up by another comparison.
        var comparesAsColumns: Bool
    }

    var name: String
    var sql: String
    var columns: [Column]
    var indexes: [Index]

    /// `nil` if there is no such table.
    init?(_ db: Database, _ table: String) throws {
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT type, name, sql FROM sqlite_master WHERE lower(name) = ? AND type IN ('table', 'view')",
                arguments: [table])
        else { return nil }
        guard row["type"] == "table" else {
            throw DirectoryError.unusable("\(table) is a view; usersync needs the table itself")
        }
        name = row["name"]
        sql = row["sql"] ?? ""
        let connection = db.sqliteConnection
        columns = try Row.fetchAll(
            db, sql: #"SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)"#, arguments: [table]
        ).map { row in
            Column(
                name: row["name"], type: row["type"], isNotNull: row["notnull"], defaultValue: row["dflt_value"],
                keyPosition: row["pk"], hidden: row["hidden"],
                collation: connection.flatMap { Collation.of(row["name"], in: table, $0) } ?? Collation.bytes)
        }
        let collations = Dictionary(columns.map { ($0.name.lowercased(), $0.collation) }) { first, _ in first }
        indexes = try Row.fetchAll(
            db, sql: #"SELECT name, "unique", origin, partial FROM pragma_index_list(?)"#, arguments: [table]
        ).map { index in
            let keys = try Row.fetchAll(
                db, sql: #"SELECT name, upper(coll) FROM pragma_index_xinfo(?) WHERE "key" ORDER BY seqno"#,
                arguments: [index["name"] as String])
            let names = keys.map { ($0[0] as String?)?.lowercased() }
            return Index(
                name: index["name"], isUnique: index["unique"], origin: index["origin"], isPartial: index["partial"],
                columns: names,
                comparesAsColumns: zip(names, keys).allSatisfy { name, key in name.map { collations[$0] == key[1] } ?? true })
        }
    }

    func hasColumn(_ name: String) -> Bool { columns.contains { $0.name.lowercased() == name } }

    func index(named name: String) -> Index? { indexes.first { $0.name.lowercased() == name } }

    /// Unique indexes over exactly these columns and all rows.
    func uniqueIndexes(on columns: [String]) -> [Index] {
        indexes.filter { $0.isUnique && !$0.isPartial && $0.columns == columns }
    }

    /// Whether `id` is SQLite's own row number. `SERIAL PRIMARY KEY` taken literally is not: SQLite would store NULL there.
    var idIsRowNumber: Bool {
        guard let id = columns.first(where: { $0.name.lowercased() == "id" }) else { return false }
        return id.keyPosition == 1 && id.type.uppercased() == "INTEGER" && !indexes.contains { $0.origin == "pk" }
            && columns.filter { $0.keyPosition > 0 }.count == 1
    }
}
