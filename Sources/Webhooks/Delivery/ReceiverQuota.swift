import SyncModel

/// How many more requests a receiver takes, and for how long, as its answers say: `RateLimit` and `RateLimit-Policy`
/// (draft-ietf-httpapi-ratelimit-headers, in the form of its sixth version, of its seventh and of those since), or `X-RateLimit-…`.
struct ReceiverQuota: Sendable, Hashable {
    var remaining: Int
    /// Seconds until there are more, above 0 and at most `longest`.
    var seconds: Double

    /// A value beyond a day is not believed: the receiver can still ask to wait.
    static let longest: Double = 86_400

    /// The most restrictive of those that an answer names; `nil` if it names none that makes sense.
    /// - Parameters:
    ///   - values: the fields of a name.
    ///   - now: compared with a reset that is a time.
    init?(now: Timestamp, values: (_ name: String) -> [String]) {
        var found = Self.structured(values("RateLimit"), policy: values("RateLimit-Policy"))
        for prefix in ["RateLimit", "X-RateLimit"] {
            let reset = values("\(prefix)-Reset").first.flatMap { Self.seconds($0, now: now) }
            found.append((values("\(prefix)-Remaining").first.flatMap(Self.number), reset))
        }
        let usable = found.compactMap { remaining, seconds -> ReceiverQuota? in
            guard let remaining, let seconds, seconds > 0, seconds <= Self.longest else { return nil }
            return ReceiverQuota(remaining: Int(remaining), seconds: seconds)
        }
        guard let least = usable.min(by: { ($0.remaining, -$0.seconds) < ($1.remaining, -$1.seconds) }) else { return nil }
        self = least
    }

    init(remaining: Int, seconds: Double) {
        self.remaining = remaining
        self.seconds = seconds
    }

    /// The same, for so many seconds at most.
    func within(_ longest: Double) -> ReceiverQuota { ReceiverQuota(remaining: remaining, seconds: min(seconds, longest)) }

    /// `"name";r=50;t=30`, or `limit=100, remaining=50, reset=30`. Where the time is left out, that of the only policy stands for it.
    private static func structured(_ fields: [String], policy: [String]) -> [(remaining: Double?, seconds: Double?)] {
        let items = items(fields)
        let window = items.isEmpty ? nil : Self.items(policy).first?["w"].flatMap(number)
        return items.map { item in
            (item["r"].flatMap(number), item["t"].flatMap(number) ?? (item["t"] == nil ? window : nil))
        } + [(first("remaining", of: items), first("reset", of: items))]
    }

    private static func first(_ name: String, of items: [[String: String]]) -> Double? {
        items.lazy.compactMap { $0[name] }.first.flatMap(number)
    }

    /// The members of a list, each with its parameters; a member that has a value itself is one of them. What stands in quotes is left
    /// out.
    private static func items(_ fields: [String]) -> [[String: String]] {
        let text = fields.joined(separator: ",").prefix(1024).split(separator: "\"", omittingEmptySubsequences: false)
        let bare = text.enumerated().map { $0.offset.isMultiple(of: 2) ? String($0.element) : "" }.joined()
        return bare.split(separator: ",").map { member in
            let pairs = member.split(separator: ";").compactMap { part -> (String, String)? in
                let sides = part.split(separator: "=", maxSplits: 1).map { String($0).trimmingSpaces() }
                return sides.count == 2 ? (sides[0].lowercased(), sides[1]) : nil
            }
            return Dictionary(pairs) { first, _ in first }
        }
    }

    /// Seconds, or a time of the Unix epoch in seconds or milliseconds.
    private static func seconds(_ text: String, now: Timestamp) -> Double? {
        guard let number = number(text) else { return nil }
        guard number >= Self.epoch else { return number }
        return (number >= Self.epoch * 1000 ? number / 1000 : number) - now.seconds
    }

    /// No number of seconds to wait is as large as a time in this century.
    private static let epoch: Double = 1_000_000_000

    /// A number without a sign, of at most 15 digits; those behind a point are left out.
    private static func number(_ text: String) -> Double? {
        let whole = text.trimmingSpaces().prefix { $0 != "." && $0 != "," && $0 != ";" }
        guard (1...15).contains(whole.utf8.count), whole.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Double(whole)
    }
}
