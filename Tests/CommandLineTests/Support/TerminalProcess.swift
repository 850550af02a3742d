import Foundation
import ServerTestSupport
import Synchronization
import TestSupport
import Testing

/// The built `usersync` on a terminal of its own (a pseudo-terminal), whose output is kept. It ends with its last reference.
final class TerminalProcess: Sendable {
    private let leash: ProcessLeash
    private let controller: Int32
    private let directory: TemporaryDirectory
    private let read = Mutex((bytes: [UInt8](), isClosed: false))

    /// - Parameter environment: all of it; nothing else is inherited.
    init(_ arguments: [String], environment: [String: String] = [:], columns: Int = 80, rows: Int = 24) throws {
        var (controller, terminal): (Int32, Int32) = (-1, -1)
        guard openpty(&controller, &terminal, nil, nil, nil) == 0 else { throw NoTerminal() }
        _ = fcntl(controller, F_SETFD, FD_CLOEXEC)
        self.controller = controller
        directory = try TemporaryDirectory()
        let process = Process()
        process.executableURL = try CommandRunner.binary
        process.arguments = arguments
        process.environment = CommandRunner.sanitized(environment.merging(["TERM": "xterm"]) { given, _ in given })
        process.currentDirectoryURL = URL(fileURLWithPath: directory.path)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(fileDescriptor: terminal)
        process.standardError = FileHandle(fileDescriptor: terminal)
        leash = ProcessLeash(process)
        resize(columns: columns, rows: rows)
        try process.run()
        close(terminal)
        let descriptor = controller
        Thread.detachNewThread { [weak self] in
            var space = [UInt8](repeating: 0, count: 4096)
            while true {
                // Fails once nobody has the terminal open any more.
                let count = Foundation.read(descriptor, &space, space.count)
                guard count > 0, let self else { break }
                self.read.withLock { $0.bytes += space[..<count] }
            }
            self?.read.withLock { $0.isClosed = true }
        }
    }

    deinit { close(controller) }

    struct NoTerminal: Error {}

    /// All that was written so far; a terminal's line end is CR LF.
    var output: String { String(decoding: read.withLock { $0.bytes }, as: UTF8.self) }

    func resize(columns: Int, rows: Int) {
        var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(controller, UInt(TIOCSWINSZ), &size)
    }

    func signal(_ number: Int32) { kill(leash.process.processIdentifier, number) }

    /// Waits until it has ended and all of its output is read.
    /// - Returns: the exit status; `nil` if it hangs.
    func end() async -> Int32? {
        let hasEnded = await eventually { !leash.process.isRunning && read.withLock { $0.isClosed } }
        return hasEnded ? leash.process.terminationStatus : nil
    }

    static func run(_ arguments: [String], environment: [String: String]) async throws -> (status: Int32?, output: String) {
        let process = try TerminalProcess(arguments, environment: environment)
        return (await process.end(), process.output)
    }
}
