import Foundation
import Synchronization

/// A shell that does something once this process has ended, however it did: its standard input ends then. Signals to the terminal's
/// group do not reach it.
final class Watchdog: Sendable {
    private let process: Process
    private let input: Pipe

    /// Starts its arguments as a command, and ends that. One that a test has stopped goes on, to hear that it must end.
    static let ending = """
        "$@" </dev/null &
        pid=$!
        read -r word
        kill -CONT $pid
        # Whichever it hears: the second is for those that do not know the first.
        kill -QUIT $pid
        kill -TERM $pid
        wait $pid
        """

    /// - Parameters:
    ///   - script: waits with `read` for this to end; its arguments are `$1`, `$2`, …
    ///   - output: where what it starts writes to.
    init(_ script: String, _ arguments: [String], output: FileHandle = .nullDevice) throws {
        process = Process()
        input = Pipe()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "trap '' INT TERM HUP QUIT\n" + script, "watchdog"] + arguments
        // Only this process has the other end: Foundation closes it in whatever is started.
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.runUnblocked()
    }

    deinit { end() }

    /// Lets it act, and returns once it has.
    func end() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
