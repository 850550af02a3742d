/// Which ids, of either kind, the users of a request carry: "perhaps" or "certainly not" (a Bloom filter, two bytes per user).
///
/// It is built while the body is read and exists only in memory. It saves users the last pass if it shows that no user of the
/// request is the person whose row they matched; if it is missing, after a restart for example, such users wait.
package struct CarriedIDs: Sendable {
    /// Ids that share a block of bits; a request has as many blocks as it needs.
    private static let blockIDs = 1 << 16
    private static let blockWords = blockIDs * 16 / 64
    private static let probes = 4

    /// The hashes of the first ids: a small request needs no block.
    private var first: [UInt64] = []
    private static let mostFirst = 128
    private var blocks: [[UInt64]] = []
    private var inLastBlock = 0

    package init() {}

    /// The ids of a request whose users are all in one payload.
    package init(of payload: BatchPayload) {
        payload.forEach { record in
            if let id = record.personID { insert(hash: Self.hash(id)) }
        }
    }

    /// Hashes are valid only within the process.
    package static func hash(_ id: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: id)
        return hasher.finalize()
    }

    /// - Parameter hash: an id's hash from `hash(_:)`.
    package mutating func insert(hash: Int) {
        let bits = UInt64(bitPattern: Int64(hash))
        if blocks.isEmpty {
            first.append(bits)
            guard first.count == Self.mostFirst else { return }
            addBlock()
            for bits in first { set(bits) }
            first = []
            return
        }
        if inLastBlock >= Self.blockIDs { addBlock() }
        set(bits)
    }

    /// False if no user of the request carries the id.
    package func mayContain(_ id: UnsafeRawBufferPointer) -> Bool {
        let bits = UInt64(bitPattern: Int64(Self.hash(id)))
        if blocks.isEmpty { return first.contains(bits) }
        return blocks.contains { block in
            (0..<Self.probes).allSatisfy { probe in
                let at = Self.place(bits, probe)
                return block[at / 64] >> UInt64(at % 64) & 1 == 1
            }
        }
    }

    private mutating func addBlock() {
        blocks.append([UInt64](repeating: 0, count: Self.blockWords))
        inLastBlock = 0
    }

    private mutating func set(_ bits: UInt64) {
        let block = blocks.count - 1
        for probe in 0..<Self.probes {
            let at = Self.place(bits, probe)
            blocks[block][at / 64] |= 1 << UInt64(at % 64)
        }
        inLastBlock += 1
    }

    /// A bit of a block, derived from the low bits of the hash and a step from its high ones, so that the four probes differ.
    private static func place(_ bits: UInt64, _ probe: Int) -> Int {
        let step = (bits >> 32) | 1
        return Int((bits &+ UInt64(probe) &* step) % UInt64(blockWords * 64))
    }
}
