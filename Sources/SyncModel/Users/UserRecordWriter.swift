/// Appends records to a buffer in the layout of `UserRecord`. Fields may come in any order.
package struct UserRecordWriter: Sendable {
    /// Finished records.
    package private(set) var count = 0
    /// Bytes of the finished records and of the one begun.
    package private(set) var byteCount = 0
    /// Longer than what has been written: doubling it and copying into it is much faster than appending.
    private var storage: [UInt8] = []
    private var start = 0
    private var states: UInt64 = 0

    package init() {}

    /// The finished records, one after the other. A copy.
    package var bytes: [UInt8] { Array(storage[..<byteCount]) }

    package mutating func begin(index: UInt32) {
        start = byteCount
        states = 0
        reserve(16)
        put(index, at: start + 4)
        byteCount += 16
    }

    package mutating func set(_ field: UserField, _ state: FieldState) {
        states |= UInt64(state.rawValue) << UInt64(field.rawValue * 2)
    }

    package mutating func set(_ field: UserField, text: UnsafeRawBufferPointer) {
        set(field, upTo: text.count) { out in
            out.copyMemory(from: text)
            return text.count
        }
    }

    package mutating func set(_ field: UserField, text: String) {
        var text = text
        text.withUTF8 { set(field, text: UnsafeRawBufferPointer($0)) }
    }

    /// Sets a text that `fill` writes.
    /// - Parameters:
    ///   - capacity: the bytes it may need.
    ///   - fill: writes the UTF-8 of the text and returns how many bytes it took.
    @inline(__always)
    package mutating func set(_ field: UserField, upTo capacity: Int, fill: (UnsafeMutableRawBufferPointer) -> Int) {
        set(field, .value)
        reserve(4 + capacity)
        let at = byteCount + 4
        let count = storage.withUnsafeMutableBytes { fill(UnsafeMutableRawBufferPointer(rebasing: $0[at..<(at + capacity)])) }
        precondition(count <= UserRecord.maxLength, "a text's length has three bytes, and a value is far shorter")
        put(UInt32(count) | UInt32(field.rawValue) << 24, at: byteCount)
        byteCount = at + count
    }

    package mutating func end() {
        let length = byteCount - start - 4
        precondition(length <= UserRecord.maxLength, "a record's length has three bytes, and a user is far shorter")
        put(UInt32(length) | UInt32(UserRecord.format) << 24, at: start)
        put(states, at: start + 8)
        count += 1
    }

    /// Drops the record begun.
    package mutating func cancel() { byteCount = start }

    /// Appends a finished record (including its length) as it is.
    package mutating func append(record: UnsafeRawBufferPointer) {
        reserve(record.count)
        let at = byteCount
        storage.withUnsafeMutableBytes { UnsafeMutableRawBufferPointer(rebasing: $0[at...]).copyMemory(from: record) }
        byteCount += record.count
        count += 1
    }

    package mutating func removeAll(keepingCapacity: Bool) {
        if !keepingCapacity { storage = [] }
        byteCount = 0
        count = 0
    }

    /// The finished records as a payload, handed over without a copy; the writer is empty afterwards.
    package mutating func take() -> BatchPayload {
        storage.removeLast(storage.count - byteCount)
        defer { removeAll(keepingCapacity: false) }
        return BatchPayload(bytes: storage, count: count)
    }

    /// Calls `body` with each finished record and its bytes as stored, including its length.
    package func forEachRaw(_ body: (UnsafeRawBufferPointer, UserRecord) throws -> Void) rethrows {
        try storage.withUnsafeBytes { try BatchPayload.forEachRaw(in: UnsafeRawBufferPointer(rebasing: $0[..<byteCount]), body) }
    }

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if storage.count - byteCount < more { grow(more) }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        let count = max(storage.count, more, 1024)
        storage.append(contentsOf: repeatElement(0, count: count))
    }

    @inline(__always)
    private mutating func put<Word: FixedWidthInteger>(_ value: Word, at offset: Int) {
        storage.withUnsafeMutableBytes { $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Word.self) }
    }
}
