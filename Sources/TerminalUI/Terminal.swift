import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
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
    package var size: TerminalSize

    /// The terminal of this process.
    package static let standard = Terminal(environment: ProcessInfo.processInfo.environment)

    package init(isOutputTerminal: Bool, isErrorTerminal: Bool, mayColor: Bool, size: TerminalSize = TerminalSize()) {
        self.isOutputTerminal = isOutputTerminal
        self.isErrorTerminal = isErrorTerminal
        self.mayColor = mayColor
        self.size = size
    }

    private init(environment: [String: String]) {
        isOutputTerminal = isatty(STDOUT_FILENO) == 1
        isErrorTerminal = isatty(STDERR_FILENO) == 1
        let refusesColor = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        mayColor = !refusesColor && environment["TERM"] != "dumb"
        size = Terminal.presentSize(isOutputTerminal: isOutputTerminal, environment: environment)
    }

    /// This terminal with the size that it has now.
    package var measured: Terminal {
        var copy = self
        copy.size = Terminal.presentSize(isOutputTerminal: isOutputTerminal, environment: ProcessInfo.processInfo.environment)
        return copy
    }

    private static func presentSize(isOutputTerminal: Bool, environment: [String: String]) -> TerminalSize {
        var reported = winsize()
        let isKnown = ioctl(isOutputTerminal ? STDOUT_FILENO : STDERR_FILENO, UInt(TIOCGWINSZ), &reported) == 0
        return TerminalSize(
            environment: environment, columns: isKnown ? Int(reported.ws_col) : nil, rows: isKnown ? Int(reported.ws_row) : nil)
    }

    /// Columns for tables on standard output: without end in a file or pipe, where nothing is cut.
    package var outputWidth: Int { isOutputTerminal ? size.columns : .max }
    /// The same for standard error.
    package var errorWidth: Int { isErrorTerminal ? size.columns : .max }

    /// Returns once nobody reads standard output any more, or when cancelled.
    package func outputClosed() async {
        while !isOutputClosed {
            do { try await Task.sleep(for: .milliseconds(200)) } catch { return }
        }
    }

    /// Whether nobody reads standard output any more: the other end of the pipe or terminal is closed.
    package var isOutputClosed: Bool {
        var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return poll(&output, 1, 0) > 0 && Int32(output.revents) & Int32(POLLERR | POLLHUP) != 0
    }

    /// Styles for standard output.
    package var style: Style { Style(isOn: isOutputTerminal && mayColor) }
    /// Styles for standard error.
    package var errorStyle: Style { Style(isOn: isErrorTerminal && mayColor) }

    /// Writes a line to standard output.
    package func say(_ line: TerminalText = "") throws(OutputFailure) { try output(line.rendered + "\n") }
    /// Writes a line to standard error.
    package func note(_ line: TerminalText = "") { draw(line + "\n") }
    /// Writes an error to standard error.
    package func complain(_ message: TerminalText) { note(errorStyle.red(message)) }
    /// Writes a warning to standard error.
    package func warn(_ message: TerminalText) { note(errorStyle.yellow("warning: \(message)")) }
    /// Writes text without a line end to standard error; for progress that is redrawn.
    package func draw(_ text: TerminalText) { _ = put(Array(text.rendered.utf8), to: STDERR_FILENO) }
    /// Writes text without a line end to standard output; for screens that are redrawn.
    package func paint(_ text: TerminalText) throws(OutputFailure) { try output(text.rendered) }

    /// Writes a JSON document and a line end to standard output: to a file or pipe byte for byte. On a terminal, what would act on
    /// it is escaped.
    package func say(json: some Collection<UInt8>) throws(OutputFailure) {
        let bytes = isOutputTerminal ? Array(JSONForTerminal.escaped(json).utf8) : Array(json)
        try output(bytes + [0x0A])
    }

    private func output(_ text: String) throws(OutputFailure) { try output(Array(text.utf8)) }

    /// Nobody misses what is written after the reader of the pipe or the terminal has gone, so that is no failure: `head` takes what
    /// it wants, and the command ends with the status of its work.
    private func output(_ bytes: [UInt8]) throws(OutputFailure) {
        let code = put(bytes, to: STDOUT_FILENO)
        if code == 0 || code == EPIPE || code == EIO && isOutputTerminal { return }
        throw OutputFailure(code: code)
    }

    /// Writes all of it, unbuffered: the two streams keep their order.
    /// - Returns: 0, or the `errno` of what went wrong.
    private func put(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 {
                let code = errno
                if code == EAGAIN {
                    // Another process has made the stream non-blocking.
                    var output = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&output, 1, -1)
                } else if code != EINTR {
                    return code
                }
                continue
            }
            rest = rest.dropFirst(written)
        }
        return 0
    }
}
