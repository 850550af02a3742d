/// The W3C Trace Context of a request: the trace it belongs to, and what the systems on its way added. Kept with the job and sent
/// on with its webhook.
package struct TraceContext: Sendable, Hashable {
    /// `traceparent`.
    package let parent: String
    /// `tracestate`, if there is one.
    package let state: String?

    /// Longer states are dropped as a whole; everyone must pass on at least 512 characters.
    private static let maxState = 2048
    private static let maxMembers = 32

    /// Parses the headers as received.
    /// - Returns: `nil` unless there is exactly one valid `traceparent`; then nothing is sent on.
    package init?(traceparent: [String], tracestate: [String]) {
        guard traceparent.count == 1, let parent = TraceContext.parent(traceparent[0]) else { return nil }
        self.parent = parent
        state = TraceContext.state(tracestate)
    }

    /// Parses what `stored` returned.
    package init(stored: String) {
        let parts = stored.split(separator: " ", maxSplits: 1)
        parent = String(parts.first ?? "")
        state = parts.count == 2 ? String(parts[1]) : nil
    }

    /// Both in one text; a `traceparent` contains no blank.
    package var stored: String { state.map { "\(parent) \($0)" } ?? parent }

    /// `version-traceid-parentid-flags` in lower-case hex. A later version is read by these four fields, and sent on as the
    /// version known here, with the one flag that has a meaning.
    private static func parent(_ text: String) -> String? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts.prefix(4).map(\.utf8.count) == [2, 32, 16, 2], parts[0] != "ff",
            parts.prefix(4).allSatisfy({ $0.utf8.allSatisfy(isHex) }), parts[1].utf8.contains(where: { $0 != 0x30 }),
            parts[2].utf8.contains(where: { $0 != 0x30 }), let flags = UInt8(parts[3], radix: 16)
        else { return nil }
        if parts[0] == "00" { return parts.count == 4 ? text : nil }
        return "00-\(parts[1])-\(parts[2])-0\(flags & 1)"
    }

    /// The members of several fields form one list.
    private static func state(_ values: [String]) -> String? {
        let members = values.flatMap { $0.split(separator: ",") }.map(trimmed).filter { !$0.isEmpty }
        let text = members.joined(separator: ",")
        guard !members.isEmpty, members.count <= maxMembers, text.utf8.count <= maxState, members.allSatisfy(isMember) else {
            return nil
        }
        return text
    }

    /// `key=value`, both of visible characters.
    private static func isMember(_ member: Substring) -> Bool {
        let parts = member.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty && !parts[1].utf8.contains(0x3D)
            && member.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !parts[0].utf8.contains(0x20)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }

    private static func isHex(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }
}
