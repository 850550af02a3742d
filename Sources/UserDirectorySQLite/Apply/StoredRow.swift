import Foundation
import SQLiteSupport
import SyncModel
import UserDirectory

/// The current row of `users` in a statement. Call `done()` before the next statement writes.
struct StoredRow: StoredUser {
    private let statement: SQLStatement

    init(_ statement: SQLStatement) { self.statement = statement }

    var id: Int64 { statement.int64(0) }
    var email: UnsafeRawBufferPointer? { statement.text(UserSQL.column(.email)) }
    var wrapperID: UnsafeRawBufferPointer? { statement.text(UserSQL.column(.id)) }
    /// The Kinde id that a user may carry. Other text in `kinde_user_id` is none.
    var kindeID: UnsafeRawBufferPointer? {
        statement.text(UserSQL.column(.kindeUserID)).flatMap { PersonID.isKinde($0) ? $0 : nil }
    }
    /// Copies of the ids that a user may carry; that of the platform first.
    var personIDs: [[UInt8]] { [wrapperID, kindeID].compactMap { $0.map { Array($0) } } }
    /// Of a row found by its Kinde id (`UserSQL.byKindeID`): the tenant's next row with the same one.
    var nextWithKindeID: Int64? { statement.integer(UserSQL.nextRowColumn) }
    var syncTime: UnsafeRawBufferPointer? { statement.text(UserSQL.syncTimeColumn) }

    func holds(_ value: FieldValue, in field: UserField) -> Bool {
        let column = UserSQL.column(field)
        return switch value {
        case .text(let bytes): statement.text(column)?.sameBytes(as: bytes) ?? false
        case .flag(let flag): statement.integer(column) == (flag ? 1 : 0)
        case .null: statement.isNull(column)
        }
    }

    func done() { statement.reset() }
}

extension UnsafeRawBufferPointer {
    /// Whether both hold the same bytes.
    func sameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard let a = baseAddress, let b = other.baseAddress else { return count == 0 }
        return memcmp(a, b, count) == 0
    }
}
