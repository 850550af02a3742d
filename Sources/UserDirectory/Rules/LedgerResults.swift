package import SyncModel

/// The contents of a ledger row: outcomes, but no email and no wrapper id.
///
/// A version byte, then variable-length numbers (LEB128, signed ones zigzag): the deferred indices, then the users. Indices and
/// CRM ids are stored as differences, so that a batch of 100 takes about 500 bytes and stays on its page.
package enum LedgerResults {
    private static let version: UInt8 = 1
    private static let isRelinked: UInt8 = 0x20
    private static let hasCode: UInt8 = 0x40
    private static let hasDetail: UInt8 = 0x80

    package static func encode(_ users: [AppliedUser], deferred: Set<UInt32>) -> [UInt8] {
        var out: [UInt8] = [version]
        out.reserveCapacity(16 + users.count * 6)
        func put(_ value: UInt64) {
            var rest = value
            while rest >= 0x80 { out.append(UInt8(truncatingIfNeeded: rest) | 0x80); rest >>= 7 }
            out.append(UInt8(rest))
        }
        func put(signed value: Int64) { put(UInt64(bitPattern: value << 1 ^ value >> 63)) }

        put(UInt64(deferred.count))
        var last: Int64 = 0
        for index in deferred.sorted() {
            put(signed: Int64(index) - last)
            last = Int64(index)
        }
        put(UInt64(users.count))
        last = 0
        var lastID: Int64 = 0
        for user in users {
            put(signed: Int64(user.index) - last)
            last = Int64(user.index)
            out.append(
                user.outcome.rawValue | (user.isRelinked ? isRelinked : 0) | (user.code == nil ? 0 : hasCode)
                    | (user.detail == nil ? 0 : hasDetail))
            if let code = user.code { out.append(code.rawValue) }
            put(signed: user.crmUserID &- lastID)
            lastID = user.crmUserID
            if let detail = user.detail {
                put(UInt64(detail.utf8.count))
                out.append(contentsOf: detail.utf8)
            }
        }
        return out
    }

    /// `nil` for bytes that `encode` did not produce.
    package static func decode(_ bytes: UnsafeRawBufferPointer) -> (users: [AppliedUser], deferred: Set<UInt32>)? {
        var at = 0
        func byte() -> UInt8? {
            guard at < bytes.count else { return nil }
            defer { at += 1 }
            return bytes[at]
        }
        func number() -> UInt64? {
            var value: UInt64 = 0
            var shift: UInt64 = 0
            while let next = byte(), shift < 64 {
                value |= UInt64(next & 0x7F) << shift
                if next < 0x80 { return value }
                shift += 7
            }
            return nil
        }
        func signed() -> Int64? { number().map { Int64(bitPattern: $0 >> 1) ^ -Int64(bitPattern: $0 & 1) } }
        func index(after last: Int64) -> UInt32? {
            guard let step = signed() else { return nil }
            return UInt32(exactly: last &+ step)
        }

        guard byte() == version, let deferredCount = number(), deferredCount <= bytes.count else { return nil }
        var deferred: Set<UInt32> = []
        var last: Int64 = 0
        for _ in 0..<deferredCount {
            guard let next = index(after: last) else { return nil }
            deferred.insert(next)
            last = Int64(next)
        }
        guard let count = number(), count <= bytes.count else { return nil }
        var users: [AppliedUser] = []
        users.reserveCapacity(Int(count))
        last = 0
        var lastID: Int64 = 0
        for _ in 0..<count {
            guard let next = index(after: last), let head = byte(), let outcome = UserOutcome(rawValue: head & 0x1F) else {
                return nil
            }
            var user = AppliedUser(index: next, outcome: outcome, isRelinked: head & isRelinked != 0)
            if head & hasCode != 0 {
                guard let code = byte().flatMap(FailureCode.init(rawValue:)) else { return nil }
                user.code = code
            }
            guard let step = signed() else { return nil }
            user.crmUserID = lastID &+ step
            if head & hasDetail != 0 {
                guard let length = number(), length <= bytes.count - at else { return nil }
                user.detail = String(decoding: bytes[at..<(at + Int(length))], as: UTF8.self)
                at += Int(length)
            }
            last = Int64(next)
            lastID = user.crmUserID
            users.append(user)
        }
        return at == bytes.count ? (users, deferred) : nil
    }
}
