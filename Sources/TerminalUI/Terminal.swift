import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The two output streams and what they can show. Data goes to standard output, everything about it to standard error.
package struct Terminal: Sendable {
    /// True for a terminal, false for a file or pipe.
    package var isOutputTerminal: Bool
    package var isErrorTerminal: Bool
    /// False with `NO_COLOR` (no-color.org) or a dumb terminal.
    package var mayColor: Bool
    /// Columns.
    package var width: Int

    /// The terminal of this process.
    package static let standard = Terminal(environment: ProcessInfo.processInfo.environment)

    package init(isOutputTerminal: Bool, isErrorTerminal: Bool, mayColor: Bool, width: Int) {
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
    package static func width(_ columns: Int?) -> Int { min(max(columns ?? 80, 20), 10_000) }

    /// Styles for standard output.
    package var style: Style { Style(isOn: isOutputTerminal && mayColor) }
    /// Styles for standard error.
    package var errorStyle: Style { Style(isOn: isErrorTerminal && mayColor) }

    /// Writes a line to standard output.
    package func say(_ line: String = "") { put(line + "\n", to: STDOUT_FILENO) }
    /// Writes a line to standard error.
    package func note(_ line: String = "") { put(line + "\n", to: STDERR_FILENO) }
    /// Writes an error to standard error.
    package func complain(_ message: String) { note(errorStyle.red(message)) }
    /// Writes a warning to standard error.
    package func warn(_ message: String) { note(errorStyle.yellow("warning: \(message)")) }
    /// Writes text without a line end to standard error; for progress that is redrawn.
    package func draw(_ text: String) { put(text, to: STDERR_FILENO) }
    /// Writes text without a line end to standard output; for screens that are redrawn.
    package func paint(_ text: String) { put(text, to: STDOUT_FILENO) }

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
