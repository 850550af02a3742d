/// Appends records to a buffer in the layout of `UserRecord`. Fields must come in the order of `UserField`.
package struct UserRecordWriter {
    /// Finished records, one after the other.
    package private(set) var bytes: [UInt8] = []
    /// Finished records in `bytes`.
    package private(set) var count = 0
    private var start = 0
    private var states: UInt32 = 0

    package init() {}

    package mutating func begin(index: UInt32) {
        start = bytes.count
        states = 0
        append(0)
        append(index)
        append(0)
    }

    package mutating func set(_ field: UserField, _ state: FieldState) {
        states |= state.rawValue << UInt32(field.rawValue * 2)
    }

    package mutating func set(_ field: UserField, text: UnsafeRawBufferPointer) {
        set(field, .value)
        append(UInt32(text.count))
        bytes.append(contentsOf: text)
    }

    package mutating func set(_ field: UserField, text: String) {
        var text = text
        text.withUTF8 { set(field, text: UnsafeRawBufferPointer($0)) }
    }

    package mutating func end() {
        put(UInt32(bytes.count - start - 4), at: start)
        put(states, at: start + 8)
        count += 1
    }

    /// Drops the record that was begun.
    package mutating func cancel() { bytes.removeLast(bytes.count - start) }

    /// Appends a finished record (its length included) as it stands.
    package mutating func append(record: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: record)
        count += 1
    }

    package mutating func removeAll(keepingCapacity: Bool) {
        bytes.removeAll(keepingCapacity: keepingCapacity)
        count = 0
    }

    private mutating func append(_ value: UInt32) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func put(_ value: UInt32, at offset: Int) {
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self) }
    }
}
