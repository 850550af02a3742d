import SyncModel

/// `X-Request-ID`: at most 128 visible ASCII characters; anything else is replaced by a generated id.
package enum RequestIDRule {
    package static func accept(_ received: [String]) -> String {
        guard received.count == 1, let id = received.first, (1...TextLimits.requestID).contains(id.utf8.count),
            id.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return make() }
        return id
    }

    private static func make() -> String {
        func hex(_ value: UInt64) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return hex(.random(in: .min ... .max)) + hex(.random(in: .min ... .max))
    }
}
