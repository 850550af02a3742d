extension ResultsBlob {
    /// The position of one user's result in a blob.
    package struct Entry: Sendable, Hashable {
        package var index: UInt32
        package var outcome: UserOutcome
        /// Bytes before it.
        package var offset: Int
    }

    /// Calls `body` with every entry, without reading its texts. Stops where a blob is cut short.
    package func forEachEntry(_ body: (Entry) -> Void) {
        bytes.withUnsafeBytes { all in
            var at = 0
            while at + 14 <= all.count {
                guard let outcome = UserOutcome(rawValue: all[at + 4] & ~Self.relinked) else { return }
                let entry = Entry(
                    index: UInt32(littleEndian: all.loadUnaligned(fromByteOffset: at, as: UInt32.self)), outcome: outcome,
                    offset: at)
                at += 14
                for _ in 0..<3 {
                    guard at + 4 <= all.count else { return }
                    let count = UInt32(littleEndian: all.loadUnaligned(fromByteOffset: at, as: UInt32.self))
                    at += count == .max ? 4 : 4 + Int(count)
                }
                guard at <= all.count else { return }
                body(entry)
            }
        }
    }

    /// The result of an entry of this blob.
    package func result(of entry: Entry) -> UserResult {
        bytes.withUnsafeBytes { all in
            var at = entry.offset + 14
            func text() -> String? {
                let count = UInt32(littleEndian: all.loadUnaligned(fromByteOffset: at, as: UInt32.self))
                at += 4
                guard count != .max else { return nil }
                defer { at += Int(count) }
                return String(decoding: all[at..<(at + Int(count))], as: UTF8.self)
            }
            let userID = text()
            let email = text()
            let applied = AppliedUser(
                index: entry.index, outcome: entry.outcome, code: FailureCode(rawValue: all[entry.offset + 5]),
                crmUserID: Int64(littleEndian: all.loadUnaligned(fromByteOffset: entry.offset + 6, as: Int64.self)),
                detail: text(), isRelinked: all[entry.offset + 4] & Self.relinked != 0)
            return UserResult(applied: applied, userID: userID, email: email)
        }
    }
}
