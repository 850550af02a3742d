import SQLiteSupport
import SyncModel
import UserDirectory

/// The current row of `users` in a statement.
struct StoredRow: StoredUserRow {
    private let statement: SQLStatement

    init(_ statement: SQLStatement) { self.statement = statement }

    var id: Int64 { statement.int64(0) }
    var email: UnsafeRawBufferPointer? { statement.text(UserSQL.column(.email)) }
    var wrapperID: UnsafeRawBufferPointer? { statement.text(UserSQL.column(.id)) }
    var kindeUserID: UnsafeRawBufferPointer? { statement.text(UserSQL.column(.kindeUserID)) }
    /// Only a row found by `UserSQL.byKindeID` has it.
    var nextWithKindeID: Int64? { statement.integer(UserSQL.nextRowColumn) }
    var syncTime: Timestamp? { statement.text(UserSQL.syncTimeColumn).flatMap { Timestamp(iso8601: $0) } }

    func holds(_ value: FieldValue, in field: UserField) -> Bool {
        let column = UserSQL.column(field)
        return switch value {
        case .text(let bytes): statement.text(column)?.sameBytes(as: bytes) ?? false
        case .flag(let flag): statement.integer(column) == (flag ? 1 : 0)
        case .null: statement.isNull(column)
        }
    }

    func changes(by fields: RecordFields) -> FieldSet { fields.changes(from: self) }

    func done() { statement.reset() }
}
