/// Text for a terminal: our own as it stands, that of others without anything that acts on a terminal.
///
/// `Terminal` writes no other text, and an interpolated `String` counts as that of others. So no message can forget to clean what a
/// server, a file or an argument puts into it.
package struct TerminalText: Sendable, Hashable {
    private struct Run: Hashable {
        var text: String
        /// The parameter of its SGR sequence (ECMA-48); `nil` for plain text.
        var style: String?
    }

    /// Neighbours differ in style, and none is empty: equal texts are equal values.
    private var runs: [Run] = []

    package init() {}

    /// Text of others, on one line.
    package init(_ text: some StringProtocol) { append(TerminalText.oneLine(text)) }

    /// Text of others that may have several lines: a message, say.
    package init(lines text: String) {
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        append(lines.map { TerminalText.oneLine(Substring($0)) }.joined(separator: "\n"))
    }

    /// The text without styles.
    package var plain: String { runs.map(\.text).joined() }

    /// The text with the escape sequences of its styles.
    package var rendered: String {
        runs.map { run in run.style.map { "\u{1B}[\($0)m\(run.text)\u{1B}[0m" } ?? run.text }.joined()
    }

    package var isEmpty: Bool { runs.isEmpty }

    /// The columns that it takes on a terminal.
    package var columns: Int { runs.reduce(0) { $0 + $1.text.terminalColumns } }

    /// With a style; parts that have one keep theirs.
    func styled(_ style: String) -> TerminalText {
        var copy = TerminalText()
        for run in runs { copy.append(run.text, style: run.style ?? style) }
        return copy
    }

    /// At most `width` columns, or one; what does not fit gives way to an ellipsis.
    package func cut(to width: Int) -> TerminalText {
        guard columns > width else { return self }
        var left = max(0, width - 1)
        var copy = TerminalText()
        for run in runs {
            let part = run.text.prefix(columns: left)
            copy.append(String(part), style: run.style)
            left -= part.terminalColumns
            if part.endIndex < run.text.endIndex { break }
        }
        copy.append("…")
        return copy
    }

    private mutating func append(_ text: String, style: String? = nil) {
        if text.isEmpty { return }
        if let last = runs.last, last.style == style {
            runs[runs.count - 1].text += text
        } else {
            runs.append(Run(text: text, style: style))
        }
    }

    package static func + (a: TerminalText, b: TerminalText) -> TerminalText {
        var sum = a
        sum += b
        return sum
    }

    package static func += (a: inout TerminalText, b: TerminalText) {
        for run in b.runs { a.append(run.text, style: run.style) }
    }

    /// Text of others on one line, without what moves the cursor, changes a terminal's state or reorders what is shown. White space
    /// and ends of lines become spaces, other such characters U+FFFD, so that one sees that something was there.
    package static func oneLine(_ text: some StringProtocol) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            if scalar.isHarmless {
                out.unicodeScalars.append(scalar)
            } else {
                out.unicodeScalars.append(scalar.properties.isWhitespace ? " " : "\u{FFFD}")
            }
        }
        return out
    }
}

extension TerminalText: ExpressibleByStringInterpolation {
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = TerminalText()

        package init(literalCapacity: Int, interpolationCount: Int) {}

        package mutating func appendLiteral(_ literal: String) { text.append(literal) }
        package mutating func appendInterpolation(_ value: TerminalText) { text += value }
        package mutating func appendInterpolation(_ value: some StringProtocol) { text += TerminalText(value) }
        package mutating func appendInterpolation(_ value: some BinaryInteger) { appendLiteral("\(value)") }
        /// An error's description may have several lines.
        package mutating func appendInterpolation(_ error: any Error) { text += TerminalText(lines: "\(error)") }
    }

    package init(stringInterpolation: StringInterpolation) { self = stringInterpolation.text }

    /// A literal is our own text.
    package init(stringLiteral: String) { append(stringLiteral) }
}

extension Sequence<TerminalText> {
    package func joined(separator: TerminalText = "") -> TerminalText {
        var sum = TerminalText()
        for (at, text) in enumerated() {
            if at > 0 { sum += separator }
            sum += text
        }
        return sum
    }
}

extension Unicode.Scalar {
    /// Whether a terminal shows it and does nothing else: neither a control character, nor one that reorders or hides text or ends
    /// a line. The two joiners are part of words and emoji.
    var isHarmless: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: false
        case .format: self == "\u{200C}" || self == "\u{200D}"
        default: true
        }
    }
}
