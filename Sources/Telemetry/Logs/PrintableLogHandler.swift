package import Logging

/// Escapes control characters and bidirectional overrides (as `\u{9b}`) before a line is logged: log lines contain text from
/// callers, which must not start lines, control terminals or reorder text.
package struct PrintableLogHandler<Base: LogHandler>: LogHandler {
    private var base: Base

    package init(_ base: Base) { self.base = base }

    package var logLevel: Logger.Level {
        get { base.logLevel }
        set { base.logLevel = newValue }
    }

    package var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = newValue.mapValues(Self.printable) }
    }

    package var metadataProvider: Logger.MetadataProvider? {
        get { base.metadataProvider }
        set { base.metadataProvider = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue.map(Self.printable) }
    }

    package func log(event: LogEvent) {
        var event = event
        event.message = "\(Self.printable(event.message.description))"
        event.metadata = event.metadata.map { metadata in
            // A key may be a header's name, which HTTP restricts to letters and a few other characters.
            metadata.mapValues(Self.printable)
        }
        base.log(event: event)
    }

    private static func printable(_ value: Logger.Metadata.Value) -> Logger.Metadata.Value {
        switch value {
        case .string(let text): .string(printable(text))
        case .stringConvertible(let value):
            needsCare(value.description) ? .string(printable(value.description)) : .stringConvertible(value)
        case .array(let values): .array(values.map(printable))
        case .dictionary(let members): .dictionary(members.mapValues(printable))
        }
    }

    private static func printable(_ text: String) -> String {
        guard needsCare(text) else { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if isPrintable(scalar) {
                shown.unicodeScalars.append(scalar)
            } else {
                shown += "\\u{" + String(scalar.value, radix: 16) + "}"
            }
        }
        return shown
    }

    private static func needsCare(_ text: String) -> Bool { !text.unicodeScalars.allSatisfy(isPrintable) }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E: true
        case ..<0xA0, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: false
        default: true
        }
    }
}
