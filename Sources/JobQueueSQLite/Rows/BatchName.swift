/// How the tables identify a batch: `batch key << 20 | number`.
enum BatchName {
    /// The most batches of one job, including those of its last pass.
    static let limit = 1 << 20
    /// The largest key: at a thousand jobs per second it is reached in a century.
    static let lastKey: Int64 = 1 << 42

    /// For an invalid number or key (from a damaged row), this is some other id, under which there is no open batch.
    static func id(key: Int64, number: Int) -> Int64 { (key << 20) &+ Int64(number) }
    static func key(of id: Int64) -> Int64 { id >> 20 }
    static func number(of id: Int64) -> Int { Int(id & 0xF_FFFF) }

    /// The first and the last id of a key's batches.
    static func bounds(key: Int64) -> (first: Int64, last: Int64) { (id(key: key, number: 0), id(key: key, number: limit - 1)) }
}
