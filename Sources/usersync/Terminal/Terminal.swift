import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The two output streams and what they can show. Data goes to standard output, everything about it to standard error.
struct Terminal: Sendable {
    /// True for a terminal, false for a file or pipe.
    var isOutputTerminal: Bool
    var isErrorTerminal: Bool
    /// False with `NO_COLOR` (no-color.org) or a dumb terminal.
    var mayColor: Bool
    /// Columns.
    var width: Int

    /// The terminal of this process.
    static let standard = Terminal(environment: ProcessInfo.processInfo.environment)

    init(isOutputTerminal: Bool, isErrorTerminal: Bool, mayColor: Bool, width: Int) {
        self.isOutputTerminal = isOutputTerminal
        self.isErrorTerminal = isErrorTerminal
        self.mayColor = mayColor
        self.width = width
    }

    private init(environment: [String: String]) {
        isOutputTerminal = isatty(STDOUT_FILENO) == 1
        isErrorTerminal = isatty(STDERR_FILENO) == 1
        let refusesColor = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        mayColor = !refusesColor && environment["TERM"] != "dumb"
        var size = winsize()
        let known = ioctl(isErrorTerminal ? STDERR_FILENO : STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        width = Terminal.width(known ? Int(size.ws_col) : environment["COLUMNS"].flatMap { Int($0) })
    }

    /// Usable columns: as reported, within reason; 80 if unknown.
    static func width(_ columns: Int?) -> Int { min(max(columns ?? 80, 20), 10_000) }

    /// Styles for standard output.
    var style: Style { Style(isOn: isOutputTerminal && mayColor) }
    /// Styles for standard error.
    var errorStyle: Style { Style(isOn: isErrorTerminal && mayColor) }

    /// Writes a line to standard output.
    func say(_ line: String = "") { put(line + "\n", to: STDOUT_FILENO) }
    /// Writes a line to standard error.
    func note(_ line: String = "") { put(line + "\n", to: STDERR_FILENO) }
    /// Writes an error to standard error.
    func complain(_ message: String) { note(errorStyle.red(message)) }
    /// Writes a warning to standard error.
    func warn(_ message: String) { note(errorStyle.yellow("warning: \(message)")) }
    /// Writes text without a line end to standard error; for progress that is redrawn.
    func draw(_ text: String) { put(text, to: STDERR_FILENO) }
    /// Writes text without a line end to standard output; for screens that are redrawn.
    func paint(_ text: String) { put(text, to: STDOUT_FILENO) }

    /// Writes all of it, unbuffered: the two streams keep their order.
    private func put(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                return
            }
            rest = rest.dropFirst(written)
        }
    }
}

/// Colours, if they are on.
struct Style: Sendable {
    var isOn: Bool

    func bold(_ text: String) -> String { wrap(text, "1") }
    func dim(_ text: String) -> String { wrap(text, "2") }
    func red(_ text: String) -> String { wrap(text, "31") }
    func green(_ text: String) -> String { wrap(text, "32") }
    func yellow(_ text: String) -> String { wrap(text, "33") }
    func cyan(_ text: String) -> String { wrap(text, "36") }

    private func wrap(_ text: String, _ code: String) -> String {
        isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
