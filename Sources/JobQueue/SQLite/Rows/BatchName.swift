/// How the tables name a batch: `batch key << 20 | number`.
enum BatchName {
    /// Batches of one job at most, those of its last pass among them.
    static let limit = 1 << 20
    /// No key is larger: at a thousand jobs a second it is reached in a century.
    static let lastKey: Int64 = 1 << 42

    /// Of a number or a key that is none (a damaged row's) it is some other name, under which there is no open batch.
    static func id(key: Int64, number: Int) -> Int64 { (key << 20) &+ Int64(number) }
    static func key(of id: Int64) -> Int64 { id >> 20 }
    static func number(of id: Int64) -> Int { Int(id & 0xF_FFFF) }

    /// The first id of a key's batches and the last.
    static func bounds(key: Int64) -> (first: Int64, last: Int64) { (id(key: key, number: 0), id(key: key, number: limit - 1)) }
}
