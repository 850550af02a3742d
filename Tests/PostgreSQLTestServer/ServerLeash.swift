import Foundation

/// Holds a running server: it ends with the last reference to this, or with this process.
final class ServerLeash: Sendable {
    let processID: Int32
    private let watchdog: Watchdog

    /// Starts a server and returns once it serves.
    init(_ folder: ServerFolder, _ programs: PostgreSQLPrograms, _ settings: [String: String]) throws {
        let all = [
            "listen_addresses": "", "unix_socket_directories": folder.sockets, "port": "\(PostgreSQLServer.port)",
            "shared_buffers": "32MB", "max_connections": "150", "logging_collector": "off", "timezone": "UTC",
        ].merging(settings) { _, given in given }
        let command =
            PostgreSQLPrograms.starter + [programs("postgres"), "-D", folder.data]
            + all.sorted(by: <).flatMap { ["-c", "\($0.key)=\($0.value)"] }
        let end = Date.now + 60
        while true {
            _ = FileManager.default.createFile(atPath: folder.log, contents: nil)
            guard let log = FileHandle(forWritingAtPath: folder.log) else {
                throw PostgreSQLServer.Failed(description: "no log at \(folder.log)")
            }
            let watchdog = try Watchdog(Watchdog.ending, command, output: log)
            let processID = Self.served(folder, until: end)
            if let processID {
                self.processID = processID
                self.watchdog = watchdog
                return
            }
            watchdog.end()
            let text = (try? String(contentsOfFile: folder.log, encoding: .utf8)) ?? ""
            // What a crash left of the server before goes by itself.
            let isBusy = text.contains("pre-existing shared memory") || text.contains("lock file")
            guard isBusy, Date.now < end else {
                throw PostgreSQLServer.Failed(description: "the server does not start: \(text.suffix(500))")
            }
            Thread.sleep(forTimeInterval: 0.1)
        }
    }

    func end() { watchdog.end() }

    /// The process of a server that is ready; `nil` once it says that it cannot.
    private static func served(_ folder: ServerFolder, until end: Date) -> Int32? {
        while Date.now < end {
            // As pg_ctl does it: the first line is the process, the eighth its state.
            let lines = ((try? String(contentsOfFile: folder.data + "/postmaster.pid", encoding: .utf8)) ?? "")
                .split(separator: "\n", omittingEmptySubsequences: false)
            if lines.count > 7, lines[7].trimmingCharacters(in: .whitespaces) == "ready", let id = Int32(lines[0]),
                kill(id, 0) == 0
            {
                return id
            }
            let log = (try? String(contentsOfFile: folder.log, encoding: .utf8)) ?? ""
            if log.contains("FATAL:") && !log.contains("starting up") { return nil }
            Thread.sleep(forTimeInterval: 0.01)
        }
        return nil
    }
}
