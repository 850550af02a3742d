import SQLiteSupport
import SyncModel

extension SQLValue {
    static func tenant(_ value: TenantID?) -> SQLValue { .text(value?.text) }
    static func time(_ value: Timestamp) -> SQLValue { .int(value.microseconds) }
    static func time(_ value: Timestamp?) -> SQLValue { value.map { .int($0.microseconds) } ?? .null }
}

extension SQLRow {
    private static let firstMoment: Int64 = -62_135_596_800_000_000
    private static let lastMoment: Int64 = 253_402_300_799_999_999

    /// A time within the years that can be written, 1 to 9999: two of them can be subtracted.
    func time(_ column: Int32) -> Timestamp {
        Timestamp(microseconds: max(Self.firstMoment, min(int64(column), Self.lastMoment)))
    }

    func optionalTime(_ column: Int32) -> Timestamp? { isNull(column) ? nil : time(column) }
}
