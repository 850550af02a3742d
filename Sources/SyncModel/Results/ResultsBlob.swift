/// The results of one batch as the queue keeps them: who each user is, and what became of it.
///
/// Little endian; per user: `u32 index · u8 outcome (0x80: relinked) · u8 code (0: none) · i64 crmUserID ·` then userId, email and
/// detail, each `u32 length (0xFFFFFFFF: none), UTF-8`.
package struct ResultsBlob: Sendable, Hashable {
    package let bytes: [UInt8]
    /// Set in the outcome's byte: the user took over another's row.
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
        payload.forEach(of: applied) { record, user in
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
}
