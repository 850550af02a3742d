import Synchronization

/// Which statements a connection has prepared. It never lets go of one: there are few constant texts, and a pooler between us and the
/// server may count on them.
struct PreparedStatements {
    private struct Key: Hashable {
        let sql: String
        let types: [PostgresType]
    }

    enum Use: Equatable {
        /// Parsed each time.
        case unnamed
        case named(String)
        /// To be prepared by this name first.
        case new(String)
    }

    private let memory: PreparedMemory
    private var names: [Key: String] = [:]
    private var generation = 0
    private static let most = 256

    init(memory: PreparedMemory) { self.memory = memory }

    /// - Returns: `new` the first time; from then on it counts as prepared, until `forget`.
    mutating func use(of statement: PostgresStatement) -> Use {
        guard statement.isPrepared, !memory.isOff else { return .unnamed }
        let key = Key(sql: statement.sql, types: statement.values.map(\.type))
        if let name = names[key] { return .named(name) }
        guard names.count < Self.most else { return .unnamed }
        let name = Self.name(key, generation)
        names[key] = name
        return .new(name)
    }

    /// Preparing these failed, or was never tried.
    mutating func forget(_ failed: some Collection<String>) {
        if !failed.isEmpty { names = names.filter { !failed.contains($0.value) } }
    }

    /// All of them are prepared anew, under other names: a table's columns have become of other types.
    mutating func renew() {
        names = [:]
        generation += 1
    }

    /// Of the text alone: behind a pooler that hands us the server of another connection, or process, the same name must mean the same
    /// statement (FNV-1a of 128 bits).
    private static func name(_ key: Key, _ generation: Int) -> String {
        var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
        func add(_ byte: UInt8) { hash = (hash ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013B }
        for byte in key.sql.utf8 { add(byte) }
        for type in key.types {
            for shift in stride(from: 0, to: 32, by: 8) { add(UInt8(truncatingIfNeeded: type.oid >> UInt32(shift))) }
        }
        return "usersync_\(String(hash, radix: 36))_\(generation)"
    }
}

/// Whether prepared statements work between this process and its database. Once they did not, they are not tried again.
package final class PreparedMemory: Sendable {
    private let off = Atomic(false)

    /// The one of all connections of the process.
    package static let process = PreparedMemory()

    package init() {}

    package var isOff: Bool { off.load(ordering: .relaxed) }

    func turnOff() { off.store(true, ordering: .relaxed) }
}
