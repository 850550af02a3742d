package import SyncModel

/// Cuts records that arrive one by one, in index order, into batches within `BatchLimits`, as intake does.
package struct RecordCutter {
    private var writer = UserRecordWriter()
    private var first: UInt32 = 0
    private var last: UInt32 = 0

    package init() {}

    /// True if the next record, of `bytes` bytes, belongs in the next batch.
    package func isFull(before bytes: Int) -> Bool {
        writer.count >= BatchLimits.mostUsers || (writer.count > 0 && writer.bytes.count + bytes > BatchLimits.bytes)
    }

    /// - Parameter record: as stored, including its length.
    package mutating func append(_ record: [UInt8], index: UInt32) {
        if writer.count == 0 { first = index }
        last = index
        record.withUnsafeBytes { writer.append(record: $0) }
    }

    /// The batch of what was appended; `nil` if nothing was.
    package mutating func take() -> NewBatch? {
        guard writer.count > 0 else { return nil }
        defer { writer.removeAll(keepingCapacity: true) }
        return NewBatch(payload: BatchPayload(writer), firstIndex: first, lastIndex: last)
    }
}

extension [UInt8] {
    /// A stored record with another index (its second word, see `UserRecord`).
    package func reindexed(_ index: UInt32) -> [UInt8] {
        var copy = self
        copy.withUnsafeMutableBytes { bytes in
            // A truncated record is never read.
            guard bytes.count >= 8 else { return }
            bytes.storeBytes(of: index.littleEndian, toByteOffset: 4, as: UInt32.self)
        }
        return copy
    }
}
