import PostgreSQLSupport
import SyncModel
import UserDirectory

/// A row of `users` as it was read. Its bytes live as long as it does.
final class PostgresStoredRow: StoredUserRow {
    let id: Int64
    let syncTime: Timestamp?
    let nextWithKindeID: Int64?
    /// The texts, one after the other.
    private let storage: UnsafeMutableRawBufferPointer
    private let texts: [UserField: Range<Int>]
    private let flags: [UserField: Bool]
    private let lastActiveAt: Int64?
    /// What the server makes of a JSON text that was sent.
    private let jsonForm: ([UInt8]) -> [UInt8]?

    init(_ row: PostgresRow, columns: Int, jsonForm: @escaping ([UInt8]) -> [UInt8]?) throws(PostgresError) {
        self.jsonForm = jsonForm
        id = Int64(try row.int(0))
        syncTime = try row.optionalTime(1).map { Timestamp(microseconds: $0) }
        let next = PostgresUserSQL.nextRowColumn
        nextWithKindeID = columns > next ? try row.optionalInt(next).map { Int64($0) } : nil
        var (bytes, texts, flags): ([UInt8], [UserField: Range<Int>], [UserField: Bool]) = ([], [:], [:])
        var active: Int64?
        for (field, place) in PostgresUserSQL.places {
            switch PostgresUserSQL.form(of: field) {
            case .text, .json:
                guard let text = try row.utf8(place) else { continue }
                texts[field] = bytes.count..<bytes.count + text.count
                bytes += text
            case .flag: flags[field] = try row.optionalBool(place)
            case .time: active = try row.optionalTime(place)
            }
        }
        storage = .allocate(byteCount: bytes.count, alignment: 1)
        storage.copyBytes(from: bytes)
        (self.texts, self.flags, lastActiveAt) = (texts, flags, active)
    }

    deinit { storage.deallocate() }

    private func bytes(_ field: UserField) -> UnsafeRawBufferPointer? {
        texts[field].map { UnsafeRawBufferPointer(rebasing: storage[$0]) }
    }

    var email: UnsafeRawBufferPointer? { bytes(.email) }
    var wrapperID: UnsafeRawBufferPointer? { bytes(.id) }
    var kindeUserID: UnsafeRawBufferPointer? { bytes(.kindeUserID) }

    func holds(_ value: FieldValue, in field: UserField) -> Bool {
        switch (value, PostgresUserSQL.form(of: field)) {
        case (.text(let sent), .text): bytes(field)?.sameBytes(as: sent) ?? false
        case (.text(let sent), .json): bytes(field)?.elementsEqual(jsonForm(Array(sent)) ?? []) ?? false
        case (.text(let sent), .time): lastActiveAt != nil && lastActiveAt == Timestamp(iso8601: sent)?.microseconds
        case (.text, .flag): false
        case (.flag(let flag), _): flags[field] == flag
        case (.null, .flag): flags[field] == nil
        case (.null, .time): lastActiveAt == nil
        case (.null, _): texts[field] == nil
        }
    }

    func changes(by fields: RecordFields) -> FieldSet { fields.changes(from: self) }

    func done() {}
}
