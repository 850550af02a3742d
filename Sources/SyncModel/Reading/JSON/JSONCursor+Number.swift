/// How far the scan of a number has come.
enum JSONNumberPhase: UInt8 {
    case start, minus, zero, integer, point, fraction, exponent, exponentSign, exponentDigits

    /// True if the number may end here.
    var isComplete: Bool {
        switch self {
        case .zero, .integer, .fraction, .exponentDigits: true
        case .start, .minus, .point, .exponent, .exponentSign: false
        }
    }
}

extension JSONCursor {
    /// Scans from inside a number (at `phase`) to the byte after it. A number may have any length, and its scan be resumed
    /// anywhere.
    @inline(__always)
    mutating func numberRest(_ phase: inout JSONNumberPhase) throws(JSONStop) {
        while at < end {
            let byte = self[at]
            switch (phase, byte) {
            case (.start, UInt8(ascii: "-")): phase = .minus
            case (.start, UInt8(ascii: "0")), (.minus, UInt8(ascii: "0")): phase = .zero
            case (.start, UInt8(ascii: "1")...UInt8(ascii: "9")), (.minus, UInt8(ascii: "1")...UInt8(ascii: "9")):
                phase = .integer
            case (.integer, UInt8(ascii: "0")...UInt8(ascii: "9")): break
            case (.zero, UInt8(ascii: ".")), (.integer, UInt8(ascii: ".")): phase = .point
            case (.point, UInt8(ascii: "0")...UInt8(ascii: "9")): phase = .fraction
            case (.fraction, UInt8(ascii: "0")...UInt8(ascii: "9")): break
            case (.zero, UInt8(ascii: "e")), (.zero, UInt8(ascii: "E")), (.integer, UInt8(ascii: "e")),
                (.integer, UInt8(ascii: "E")), (.fraction, UInt8(ascii: "e")), (.fraction, UInt8(ascii: "E")):
                phase = .exponent
            case (.exponent, UInt8(ascii: "+")), (.exponent, UInt8(ascii: "-")): phase = .exponentSign
            case (.exponent, UInt8(ascii: "0")...UInt8(ascii: "9")), (.exponentSign, UInt8(ascii: "0")...UInt8(ascii: "9")):
                phase = .exponentDigits
            case (.exponentDigits, UInt8(ascii: "0")...UInt8(ascii: "9")): break
            default:
                guard phase.isComplete else { throw .malformed(.expectedDigit, at: at) }
                return
            }
            at += 1
        }
        throw .incomplete
    }
}
