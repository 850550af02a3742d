import PostgreSQLSupport
import TestSupport

/// Values as a database must bear them, the odd ones often.
struct RandomValues {
    private var generator: SeededGenerator

    init(_ generator: SeededGenerator) { self.generator = generator }

    private mutating func isRare() -> Bool { Int.random(in: 0..<8, using: &generator) == 0 }

    mutating func bool() -> Bool? { isRare() ? nil : Bool.random(using: &generator) }

    mutating func int<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
        if isRare() { return nil }
        return isRare() ? [.min, .max, 0, 1].randomElement(using: &generator) : .random(in: .min ... .max, using: &generator)
    }

    mutating func double() -> Double? {
        if isRare() { return nil }
        if isRare() {
            return [.infinity, -.infinity, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude].randomElement(
                using: &generator)
        }
        return .random(in: -1e9...1e9, using: &generator)
    }

    private static let letters: [Character] = [
        "a", "Z", "é", "e\u{301}", "İ", "ß", "漢", "👩‍👧", "'", "\"", "\\", "\n", ",", "{", "}", " ", "\u{1}",
    ]

    mutating func text() -> String? {
        if isRare() { return nil }
        return String(
            (0..<Int.random(in: 0...12, using: &generator)).compactMap { _ in Self.letters.randomElement(using: &generator) })
    }

    mutating func bytes() -> [UInt8]? {
        isRare() ? nil : (0..<Int.random(in: 0...40, using: &generator)).map { _ in .random(in: 0...255, using: &generator) }
    }

    /// Between 4713 BC and the year 294276.
    mutating func time() -> Int64? {
        if isRare() { return nil }
        if isRare() { return [0, PostgresTime.infinity, PostgresTime.minusInfinity, -1].randomElement(using: &generator) }
        return .random(in: -200_000_000_000_000_000...9_000_000_000_000_000_000, using: &generator)
    }

    /// As the server writes it.
    mutating func json() -> String? {
        isRare() ? nil : #"{"n": \#(Int.random(in: 0..<1000, using: &generator)), "t": "é"}"#
    }

    mutating func list<Value>(_ element: (inout RandomValues) -> Value) -> [Value] {
        (0..<Int.random(in: 0...5, using: &generator)).map { _ in element(&self) }
    }
}
