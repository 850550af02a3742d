/// The results of one batch as the queue keeps them: who each user is, beside what became of it.
///
/// Little endian; per user: `u32 index · u8 outcome (0x80: relinked) · u8 code (0: none) · i64 crmUserID ·` then userId, email and
/// detail, each `u32 length (0xFFFFFFFF: none), UTF-8`.
package struct ResultsBlob: Sendable, Hashable {
    package let bytes: [UInt8]
    /// Beside the outcome: the user took over another's row.
    static let relinked: UInt8 = 0x80

    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// Joins the outcomes of a batch with the identities in its payload. Users of the payload without an outcome are left out
    /// (those wait for the job's last pass).
    package init(payload: BatchPayload, applied: [AppliedUser]) {
        var out: [UInt8] = []
        out.reserveCapacity(applied.count * 80)
        func put(_ text: UnsafeRawBufferPointer?) {
            let count = text.map { UInt32($0.count) } ?? .max
            withUnsafeBytes(of: count.littleEndian) { out.append(contentsOf: $0) }
            if let text { out.append(contentsOf: text) }
        }
        var next = 0
        var byIndex: [UInt32: Int]?
        payload.forEach { record in
            var at = next
            if at >= applied.count || applied[at].index != record.index {
                // Not in the payload's order, or some left out: look it up.
                if byIndex == nil {
                    byIndex = Dictionary(applied.enumerated().map { ($1.index, $0) }, uniquingKeysWith: { first, _ in first })
                }
                guard let found = byIndex?[record.index] else { return }
                at = found
            }
            next = at + 1
            let user = applied[at]
            withUnsafeBytes(of: user.index.littleEndian) { out.append(contentsOf: $0) }
            out.append(user.outcome.rawValue | (user.isRelinked ? Self.relinked : 0))
            out.append(user.code?.rawValue ?? 0)
            withUnsafeBytes(of: user.crmUserID.littleEndian) { out.append(contentsOf: $0) }
            put(record.bytes(.id))
            put(record.bytes(.email))
            if var detail = user.detail {
                detail.withUTF8 { put(UnsafeRawBufferPointer($0)) }
            } else {
                put(nil)
            }
        }
        bytes = out
    }

    /// The results, in the order of the payload. A blob that is cut short ends where it cannot be read on.
    package func decoded() -> [UserResult] {
        bytes.withUnsafeBytes { all in
            var results: [UserResult] = []
            var at = 0
            func text() -> String?? {
                guard at + 4 <= all.count else { return nil }
                let count = all.loadUnaligned(fromByteOffset: at, as: UInt32.self)
                at += 4
                guard count != .max else { return .some(nil) }
                guard at + Int(count) <= all.count else { return nil }
                defer { at += Int(count) }
                return String(decoding: all[at..<(at + Int(count))], as: UTF8.self)
            }
            while at + 14 <= all.count {
                let index = all.loadUnaligned(fromByteOffset: at, as: UInt32.self)
                let head = all[at + 4]
                guard let outcome = UserOutcome(rawValue: head & ~Self.relinked) else { return results }
                let code = FailureCode(rawValue: all[at + 5])
                let crmUserID = all.loadUnaligned(fromByteOffset: at + 6, as: Int64.self)
                at += 14
                guard let id = text(), let email = text(), let detail = text() else { return results }
                results.append(
                    UserResult(
                        applied: AppliedUser(
                            index: index, outcome: outcome, code: code, crmUserID: crmUserID, detail: detail,
                            isRelinked: head & Self.relinked != 0),
                        userID: id, email: email))
            }
            return results
        }
    }
}
