/// What happened, as a number that two runs can be compared by, and on demand in words.
struct Trace: Sendable {
    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    private(set) var lines: [String] = []
    private let keepsLines: Bool

    init(keepsLines: Bool = false) { self.keepsLines = keepsLines }

    /// FNV-1a, word by word.
    mutating func count(_ word: UInt64) { hash = (hash ^ word) &* 0x0000_0100_0000_01B3 }

    mutating func add(_ text: String, at now: Duration) {
        for byte in text.utf8 { count(UInt64(byte)) }
        guard keepsLines else { return }
        let (seconds, attoseconds) = now.components
        let milliseconds = String(1_000 + attoseconds / 1_000_000_000_000_000).dropFirst()
        lines.append("\(seconds).\(milliseconds) \(text)")
    }
}
