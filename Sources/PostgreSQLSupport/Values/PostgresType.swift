/// A type of PostgreSQL by its object identifier, which is the same in every database for the types that come with the server
/// (`pg_type.dat`).
package struct PostgresType: Hashable, Sendable {
    package let oid: UInt32

    package init(oid: UInt32) { self.oid = oid }

    package static let bool = PostgresType(oid: 16)
    package static let bytea = PostgresType(oid: 17)
    package static let int8 = PostgresType(oid: 20)
    package static let int2 = PostgresType(oid: 21)
    package static let int4 = PostgresType(oid: 23)
    package static let text = PostgresType(oid: 25)
    package static let float8 = PostgresType(oid: 701)
    /// Without a time zone: by the convention of whoever writes it.
    package static let timestamp = PostgresType(oid: 1114)
    /// A moment.
    package static let timestamptz = PostgresType(oid: 1184)
    package static let uuid = PostgresType(oid: 2950)
    package static let jsonb = PostgresType(oid: 3802)

    /// The type of an array of this type; `nil` for types that are not bound in arrays here.
    var array: PostgresType? { Self.arrays[oid].map { PostgresType(oid: $0) } }

    private static let arrays: [UInt32: UInt32] = [
        16: 1000, 17: 1001, 20: 1016, 21: 1005, 23: 1007, 25: 1009, 701: 1022, 1114: 1115, 1184: 1185, 2950: 2951, 3802: 3807,
    ]

    /// Types whose binary form is not text, so that their bytes must not be read as one.
    static let notText: Set<UInt32> = [
        16, 17, 20, 21, 23, 26, 27, 28, 29, 600, 700, 701, 790, 1000, 1001, 1005, 1007, 1009, 1016, 1022, 1082, 1083, 1114, 1115,
        1184,
        1185, 1186, 1700, 2950, 2951, 3807,
    ]
}
