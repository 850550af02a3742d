import Foundation
import SyncModel
#if canImport(TestSupport)
    import TestSupport
#endif

/// A body as Foundation's `JSONSerialization` reads it, to hold the readers against.
///
/// It differs from them, knowingly: it takes a comma before a closing bracket, the escape `\u0000`, 512 levels of nesting, a byte
/// order mark, UTF-16 and UTF-32; it refuses numbers that no `Double` holds. Of a key that is given twice it keeps the last value.
/// It drops the character U+FEFF at the beginning of a string and behind an escape, so it is shown U+FEFE instead.
struct JSONOracle {
    private let body: [UInt8]
    private let value: Any?
    private let problem: String
    /// False where numbers that no `Double` holds were replaced.
    let hasExactNumbers: Bool

    init(_ body: [UInt8]) {
        self.body = body
        var hasExactNumbers = true
        var read = JSONOracle.read(body)
        if read.problem.contains("not representable") {
            hasExactNumbers = false
            read = JSONOracle.read(JSONOracle.withoutNumbers(body))
        }
        (value, problem) = read
        self.hasExactNumbers = hasExactNumbers
    }

    /// The value of a body that a reader took for JSON.
    func wellFormed() throws -> Any {
        guard let value else { throw BrokenProperty("what is read is JSON: \(problem)") }
        return value
    }

    /// The same where a reader took it for an object.
    func object() throws -> [String: Any] {
        guard let object = try wellFormed() as? [String: Any] else { throw BrokenProperty("the body is an object") }
        return object
    }

    /// Checks that the body is not JSON, or why a strict reader may say so.
    func check(_ error: RequestSyntaxError) throws {
        try hold((0...body.count).contains(error.offset), "an error is named by an offset within the body: \(error)")
        try hold(
            (error.offset == body.count) == (error.problem == "unexpected end"),
            "only what ends too early fails at the end: \(error)")
        // Without its numbers a text may become JSON that was none.
        guard value != nil, hasExactNumbers, error.offset < body.count else {
            return try hold(value == nil || !hasExactNumbers || body.contains(0), "what is JSON does not end too early")
        }
        let last = body[..<error.offset].last { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let closes = body[error.offset] == UInt8(ascii: "]") || body[error.offset] == UInt8(ascii: "}")
        let isStricter =
            error.problem.hasPrefix("nested deeper") || error.problem.contains("u0000")
            || error.problem.contains("byte order mark")
            || body.contains(0) || (closes && last == UInt8(ascii: ","))
        try hold(isStricter, "what is JSON is not refused as malformed: \(error)")
    }

    /// Any JSON text in one form, so that two of them can be compared.
    static func canonical(_ value: Any) throws -> Data {
        try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .fragmentsAllowed])
    }

    /// `true` or `false`; Foundation's numbers 1 and 0 say that they are booleans too.
    static func boolean(_ value: Any?) -> Bool? {
        guard let value = value as? NSNumber, let text = try? canonical(value) else { return nil }
        return text == Data("true".utf8) ? true : text == Data("false".utf8) ? false : nil
    }

    /// True where a text is the one that Foundation read.
    static func isSame(_ text: String, as sent: String) -> Bool {
        text.unicodeScalars.elementsEqual(sent.unicodeScalars) { $0 == $1 || ($0 == "\u{FEFF}" && $1 == "\u{FEFE}") }
    }

    static func read(_ body: [UInt8]) -> (value: Any?, problem: String) {
        var body = body
        for at in body.indices.dropFirst().dropLast(2) where body[at] == 0xEF && body[at + 1] == 0xBB && body[at + 2] == 0xBF {
            body[at + 2] = 0xBE
        }
        do {
            return (try JSONSerialization.jsonObject(with: Data(body), options: .fragmentsAllowed), "")
        } catch {
            return (nil, "\(error)")
        }
    }

    /// A JSON text with 0 in place of every number.
    private static func withoutNumbers(_ body: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var inString = false
        var at = 0
        while at < body.count {
            let byte = body[at]
            if !inString, byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte) {
                out.append(UInt8(ascii: "0"))
                while at < body.count, "0123456789+-.eE".utf8.contains(body[at]) { at += 1 }
                continue
            }
            if byte == UInt8(ascii: "\"") { inString.toggle() }
            out.append(byte)
            at += 1
            if inString, byte == UInt8(ascii: "\\"), at < body.count {
                out.append(body[at])
                at += 1
            }
        }
        return out
    }
}
