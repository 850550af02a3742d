package import GRDB

/// A setting of a connection or file that SQLite may refuse without an error: it is read back.
package struct Pragma: Sendable {
    package let name: String
    /// As it is set.
    package let value: String
    /// As it is read.
    package let reads: String

    package init(_ name: String, _ value: String, reads: String) {
        self.name = name
        self.value = value
        self.reads = reads
    }

    /// SQLite keeps another value.
    package struct Refused: Error, Sendable {
        package let pragma: Pragma
        /// The value read back; `nil` if none.
        package let found: String?
    }

    /// - Throws: `Refused`, `DatabaseError`.
    package func set(_ db: Database) throws {
        // Some pragmas answer when set, others do not.
        _ = try Row.fetchAll(db, sql: "PRAGMA \(name) = \(value)")
        try check(db)
    }

    /// - Throws: `Refused`, `DatabaseError`.
    package func check(_ db: Database) throws {
        let found = try DatabaseValue.fetchOne(db, sql: "PRAGMA \(name)").map { String.fromDatabaseValue($0) ?? "\($0)" }
        guard found == reads else { throw Refused(pragma: self, found: found) }
    }
}
