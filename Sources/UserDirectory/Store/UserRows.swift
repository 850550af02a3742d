package import SyncModel

/// The rows of `users` within a transaction. Everything but `isElsewhere` sees and writes the rows of one tenant alone: that of the
/// batch that was entered last.
///
/// Bytes are UTF-8, as the caller's record or the row has them. Emails are asked for in lower case (`RecordFields.email`).
package protocol UserRows: AnyObject {
    /// What holds for the whole transaction: call it once, before anything else.
    func facts() throws -> UserTableFacts
    /// The batch whose users are looked up and written from now on.
    func enter(_ batch: BatchContext)
    /// Whether a row of the tenant has a Kinde id among the platform ids: put there by an earlier version, and not moved.
    func haveMisplacedIDs(in tenantID: TenantID) throws -> Bool

    // One row at a time: its values are there until `done`, or the next lookup of the same kind.

    func find(platformID: UnsafeRawBufferPointer) throws -> (any StoredUserRow)?
    /// The row with the lowest number, where several have the id.
    func find(kindeID: UnsafeRawBufferPointer) throws -> (any StoredUserRow)?
    /// The row that has the email as it is, in lower case.
    func find(email: UnsafeRawBufferPointer) throws -> (any StoredUserRow)?
    func find(row: Int64) throws -> (any StoredUserRow)?
    /// The rows that a removal of an id meets, at most two of them.
    func removable(platformID: UnsafeRawBufferPointer) throws -> [RemovableRow]
    func removable(kindeID: UnsafeRawBufferPointer) throws -> [RemovableRow]

    /// The rows that have an email, by their number.
    /// - Parameter inAnyCase: also those that have it in mixed case.
    func holders(of email: UnsafeRawBufferPointer, inAnyCase: Bool) throws -> [EmailHolder]
    /// Whether another tenant's row has an email. Nothing else is read of it.
    func isElsewhere(_ email: UnsafeRawBufferPointer, inAnyCase: Bool) throws -> Bool

    /// Creates the user that was sent.
    /// - Parameters:
    ///   - reportsConflict: whether a row in the way of a unique index is thrown instead of `nil`.
    ///   - looksForIDs: whether to look first that the table has an id left.
    /// - Returns: the new row's number; `nil` if a unique index already contains it or a trigger ignored it.
    func insert(_ fields: RecordFields, reportsConflict: Bool, looksForIDs: Bool) throws -> Int64?

    // These return false if a trigger ignored the row.

    /// Writes the fields that differ; if there are none, notes that the user was seen.
    func update(_ row: Int64, _ changes: FieldSet, of fields: RecordFields) throws -> Bool
    /// Gives a row to another person: every column of ours gets what `insert` would write.
    /// - Parameter kept: indexed columns whose values stay the same.
    func takeOver(_ row: Int64, by fields: RecordFields, kept: FieldSet) throws -> Bool
    /// - Parameter moment: becomes the row's sync time.
    func deactivate(_ row: Int64, at moment: Timestamp) throws -> Bool
    /// Writes a row's email alone, and not as news of the user.
    func move(_ row: Int64, to email: String) throws -> Bool
}

/// What holds for the table of users as long as a transaction keeps others from changing it.
package struct UserTableFacts: Sendable {
    /// A trigger of the CRM may do anything at an insert, even one that conflicts: rows are looked up first.
    package var hasTriggers: Bool
    /// There are emails in mixed case: rows of an older table, or written by the CRM.
    package var hasMixedCase: Bool

    package init(hasTriggers: Bool, hasMixedCase: Bool) {
        self.hasTriggers = hasTriggers
        self.hasMixedCase = hasMixedCase
    }
}

/// A row that a removal meets.
package struct RemovableRow: Sendable {
    package var id: Int64
    package var syncTime: Timestamp?

    package init(id: Int64, syncTime: Timestamp?) {
        self.id = id
        self.syncTime = syncTime
    }
}

/// A row that has an email.
package struct EmailHolder: Sendable {
    package var id: Int64
    /// As stored.
    package var email: [UInt8]
    /// Those that a user may carry; that of the platform first.
    package var personIDs: [[UInt8]]

    package init(id: Int64, email: [UInt8], personIDs: [[UInt8]]) {
        self.id = id
        self.email = email
        self.personIDs = personIDs
    }
}
