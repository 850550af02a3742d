import CLibPQ

/// The values of a statement as libpq takes them: one after the other in one piece of memory.
struct Parameters {
    struct Pointers {
        let count: Int32
        let types: UnsafePointer<Oid>?
        let values: UnsafePointer<UnsafePointer<CChar>?>?
        let lengths: UnsafePointer<Int32>?
        /// All binary.
        let formats: UnsafePointer<Int32>?
    }

    private let values: [PostgresValue]

    init(_ values: [PostgresValue]) { self.values = values }

    /// The pointers are valid within `body`.
    func withPointers<R>(_ body: (Pointers) -> R) -> R {
        // Not empty, so that an empty text has an address: without one it would be NULL.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(values.reduce(1) { $0 + ($1.bytes?.count ?? 0) })
        for case let content? in values.map(\.bytes) { bytes.append(contentsOf: content) }
        bytes.append(0)
        let lengths = values.map { Int32(clamping: $0.bytes?.count ?? 0) }
        let types = values.map { Oid($0.type.oid) }
        let formats = [Int32](repeating: 1, count: values.count)
        return bytes.withUnsafeBytes { bytes in
            var start = 0
            let pointers = values.map { value -> UnsafePointer<CChar>? in
                guard let content = value.bytes else { return nil }
                defer { start += content.count }
                return bytes.baseAddress.map { ($0 + start).assumingMemoryBound(to: CChar.self) }
            }
            return Self.withPointers(pointers, lengths, types, formats, body)
        }
    }

    private static func withPointers<R>(
        _ values: [UnsafePointer<CChar>?], _ lengths: [Int32], _ types: [Oid], _ formats: [Int32], _ body: (Pointers) -> R
    ) -> R {
        values.withUnsafeBufferPointer { values in
            lengths.withUnsafeBufferPointer { lengths in
                types.withUnsafeBufferPointer { types in
                    formats.withUnsafeBufferPointer { formats in
                        body(
                            Pointers(
                                count: Int32(clamping: values.count), types: types.baseAddress, values: values.baseAddress,
                                lengths: lengths.baseAddress, formats: formats.baseAddress))
                    }
                }
            }
        }
    }
}
