/// Why a scan of JSON text stopped before its end.
enum JSONStop: Error {
    /// All bytes so far are valid; more are needed.
    case incomplete
    /// The byte at this position of the cursor's memory is not valid there.
    case malformed(JSONProblem, at: Int)
}

/// What is wrong with JSON text.
enum JSONProblem: UInt8 {
    case expectedValue
    case expectedValueOrEnd
    case expectedKey
    case expectedKeyOrEnd
    case expectedColon
    case expectedCommaOrBrace
    case expectedCommaOrBracket
    case expectedDigit
    case expectedTrue
    case expectedFalse
    case expectedNull
    case controlCharacter
    case invalidEscape
    case nulEscape
    case unpairedSurrogate
    case invalidUTF8
    case byteOrderMark
    case tooDeep
    case trailingBytes
    case unexpectedEnd

    var sentence: String {
        switch self {
        case .expectedValue: "expected a value"
        case .expectedValueOrEnd: "expected a value or ']'"
        case .expectedKey: "expected a key in double quotes"
        case .expectedKeyOrEnd: "expected a key in double quotes or '}'"
        case .expectedColon: "expected ':'"
        case .expectedCommaOrBrace: "expected ',' or '}'"
        case .expectedCommaOrBracket: "expected ',' or ']'"
        case .expectedDigit: "expected a digit"
        case .expectedTrue: "expected 'true'"
        case .expectedFalse: "expected 'false'"
        case .expectedNull: "expected 'null'"
        case .controlCharacter: "a control character must be escaped"
        case .invalidEscape: "invalid escape"
        case .nulEscape: "the escape \\u0000 is not allowed"
        case .unpairedSurrogate: "an escape is half of a surrogate pair"
        case .invalidUTF8: "invalid UTF-8"
        case .byteOrderMark: "expected a value, not a byte order mark"
        case .tooDeep: "nested deeper than \(JSONSkipper.maxDepth) levels"
        case .trailingBytes: "expected nothing after the value"
        case .unexpectedEnd: "unexpected end"
        }
    }
}
