import SyncModel
#if canImport(TestSupport)
    import TestSupport
#endif

/// Any bytes, made into a question to one of the readers, and what must hold for the answer. The fuzzer asks millions of them, the
/// tests those of its corpus.
///
/// The first byte says which reader is asked (its low three bits, so that `0` to `7` can be typed), for bodies the second one how
/// they are cut. In a body, where no bare control character may stand, `0x01` is short for 4094 spaces and `0x02` for as many `k`:
/// else the limits of 64 KiB lay beyond what a fuzzer finds. Sixteen of them and a small user make up the limit.
struct FuzzInput {
    let kind: UInt8
    let rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        kind = (bytes.first ?? 0) & 7
        rest = bytes.dropFirst()
    }

    /// - Throws: `BrokenProperty`.
    func check() throws {
        switch kind {
        case 0, 1: try SyncBodyProperties(body: body, cutting: cutting).check()
        case 2: try RemovalBodyProperties(body: body, cutting: cutting).check()
        case 3: try TimestampProperties.check(text)
        case 4: try AddressProperties.checkIPAddress(text)
        case 5: try AddressProperties.checkWebAddress(text)
        case 6: try EmailProperties.check(text)
        default: try StoredRowProperties.check(Array(rest))
        }
    }

    private var text: String { String(decoding: rest, as: UTF8.self) }

    private var cutting: Cutting { Cutting(seed: rest.first ?? 0) }

    private var body: [UInt8] {
        var body: [UInt8] = []
        for byte in rest.dropFirst() {
            switch byte {
            case 1...2 where body.count < 160_000:
                body.append(contentsOf: repeatElement(UInt8(ascii: byte == 1 ? " " : "k"), count: 4094))
            default: body.append(byte)
            }
        }
        return body
    }
}

/// Where a body is cut.
struct Cutting {
    let seed: UInt8

    /// So many users are allowed: two for some seeds, as the limit is a reader's business too.
    var maxUsers: Int { seed & 7 == 7 ? 2 : 1000 }

    /// Several ways to cut so many bytes: byte by byte (where they are few), in parts of one size, anywhere, near the end (where a
    /// long body reaches a limit).
    func schemes(_ count: Int) -> [[Int]] {
        var random = SeededGenerator(seed: UInt64(seed) << 32 | UInt64(count))
        let size = max([1, 2, 7, 64, 1024, 4096, 65_535, 65_536][Int(seed >> 3 & 7)], count / 200)
        let anywhere = (0..<Int.random(in: 1...8, using: &random)).map { _ in Int.random(in: 0...count, using: &random) }
        return [
            count <= 400 ? Array(0..<count) : [],
            Array(stride(from: size, to: count, by: size)),
            anywhere.sorted(),
            (0..<3).map { _ in max(0, count - Int.random(in: 1...128, using: &random)) }.sorted(),
        ].filter { !$0.isEmpty }
    }
}
