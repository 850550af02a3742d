import JobQueue
import SyncModel

/// Stored records, each with the user's index.
typealias Records = [(index: UInt32, record: [UInt8])]

extension Records {
    /// Cut into batches of a hundred, in the order given.
    var batches: [NewBatch] {
        stride(from: 0, to: count, by: 100).map { start in
            let part = self[start..<Swift.min(start + 100, count)]
            var writer = UserRecordWriter()
            for (_, record) in part { record.withUnsafeBytes { writer.append(record: $0) } }
            return NewBatch(
                payload: BatchPayload(writer), firstIndex: part.first?.index ?? 0, lastIndex: part.last?.index ?? 0)
        }
    }

    /// The same under the indices from 0 on. The index is a record's second word.
    var reindexed: Records {
        enumerated().map { index, user in
            var record = user.record
            record.withUnsafeMutableBytes { $0.storeBytes(of: UInt32(index).littleEndian, toByteOffset: 4, as: UInt32.self) }
            return (UInt32(index), record)
        }
    }
}
