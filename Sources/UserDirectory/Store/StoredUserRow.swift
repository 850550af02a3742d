package import SyncModel

/// A row of `users` as it was found. Its bytes are valid until `done`, which must come before anything is written.
package protocol StoredUserRow: StoredUser {
    var id: Int64 { get }
    var email: UnsafeRawBufferPointer? { get }
    var wrapperID: UnsafeRawBufferPointer? { get }
    /// Whatever stands in `kinde_user_id`.
    var kindeUserID: UnsafeRawBufferPointer? { get }
    /// `nil` also for text that is no time.
    var syncTime: Timestamp? { get }
    /// Of a row found by its Kinde id: the tenant's next row with the same one, which there should not be.
    var nextWithKindeID: Int64? { get }

    /// `RecordFields.changes`, compiled for this kind of row.
    func changes(by fields: RecordFields) -> FieldSet
    func done()
}

extension StoredUserRow {
    /// The Kinde id that a user may carry. Other text in `kinde_user_id` is none.
    package var kindeID: UnsafeRawBufferPointer? { kindeUserID.flatMap { PersonID.isKinde($0) ? $0 : nil } }
    /// Copies of the ids that a user may carry; that of the platform first.
    package var personIDs: [[UInt8]] { [wrapperID, kindeID].compactMap { $0.map { Array($0) } } }
}
