/// The users of one batch, as the queue stores them and the directory applies them.
package struct BatchPayload: Sendable, Hashable {
    /// Records in the layout of `UserRecord`.
    package let bytes: [UInt8]
    /// How many records `bytes` holds.
    package let count: Int

    /// - Parameter count: as stored in a row; the smallest record takes 12 bytes, so there cannot be more than fit.
    package init(bytes: [UInt8], count: Int) {
        self.bytes = bytes
        self.count = min(max(count, 0), bytes.count / 12)
    }

    package init(_ writer: UserRecordWriter) {
        self.init(bytes: writer.bytes, count: writer.count)
    }

    /// Calls `body` with every record, in order.
    @inlinable
    package func forEach(_ body: (UserRecord) throws -> Void) rethrows {
        try forEachRaw { _, record in try body(record) }
    }

    /// Calls `body` with every record and its bytes as stored, including its length.
    @inlinable
    package func forEachRaw(_ body: (UnsafeRawBufferPointer, UserRecord) throws -> Void) rethrows {
        try bytes.withUnsafeBytes { try BatchPayload.forEachRaw(in: $0, body) }
    }

    /// The same for records in other memory. Stops at a record that is cut short: a damaged row of a queue must not crash the
    /// process.
    @inlinable
    package static func forEachRaw(
        in all: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer, UserRecord) throws -> Void
    ) rethrows {
        var at = 0
        while at + 12 <= all.count {
            let length = Int(all.loadUnaligned(fromByteOffset: at, as: UInt32.self)) & UserRecord.maxLength
            guard length >= 8, at + 4 + length <= all.count else { return }
            let raw = UnsafeRawBufferPointer(rebasing: all[at..<(at + 4 + length)])
            try body(raw, UserRecord(raw))
            at += 4 + length
        }
    }

    /// Checks that this version can read all records: one that it cannot read would look like a user without fields.
    package func check() throws(UnreadableRecord) {
        var unreadable: UnreadableRecord?
        forEach { record in
            guard unreadable == nil, let problem = record.problem else { return }
            unreadable = UnreadableRecord(index: record.index, problem: problem)
        }
        if let unreadable { throw unreadable }
    }

    /// The records whose index is in `indices`, in order.
    package func keeping(_ indices: Set<UInt32>) -> BatchPayload {
        var writer = UserRecordWriter()
        forEachRaw { raw, record in
            if indices.contains(record.index) { writer.append(record: raw) }
        }
        return BatchPayload(writer)
    }
}
