import AsyncHTTPClient
package import Foundation
import NIOCore
import NIOFoundationEssentialsCompat
import NIOHTTP1
import TestSupport
import Testing
import usersync

/// `usersync serve` as a process of its own, on a folder that outlives it. It ends with the last who knows of it, however the test went.
package struct ServerProcess {
    package let port: Int
    private let leash: ProcessLeash
    private var process: Process { leash.process }
    private let logPath: String

    /// Starts it and returns once it listens.
    /// - Parameter openFiles: how many files and connections it may have open; `nil`: as many as this process may.
    package static func start(
        folder: URL, receiver: HookReceiver, settings: [String: String] = [:], openFiles: Int? = nil
    ) async throws -> ServerProcess {
        let environment = [
            "HOST": "127.0.0.1", "PORT": "0", "DATA_DIR": folder.appending(path: "data").path, "INTERNAL_API_KEY": TestServer.key,
            "WRAPPER_WEBHOOK_URL": receiver.url, "RATE_LIMIT_MAX": "0", "MIN_FREE_DISK_BYTES": "1048576", "SHUTDOWN_GRACE": "20",
        ]
        let logPath = folder.appending(path: "log-\(UUID().uuidString)").path
        try Data().write(to: URL(filePath: logPath))
        let log = try FileHandle(forWritingTo: URL(filePath: logPath))
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        let limit = openFiles.map { "ulimit -n \($0); " } ?? ""
        process.arguments = ["-c", limit + "exec \"$0\" serve", try CommandRunner.binary.path]
        process.environment = CommandRunner.sanitized(environment.merging(settings) { $1 })
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = log
        process.standardError = log
        try process.run()
        let leash = ProcessLeash(process)
        var port: Int?
        _ = try await eventually {
            port = try listeningPort(in: logPath)
            return port != nil || !process.isRunning
        }
        guard let port else {
            throw CommandFailure("the server does not listen: \(try String(contentsOfFile: logPath, encoding: .utf8))")
        }
        return ServerProcess(port: port, leash: leash, logPath: logPath)
    }

    /// The process's files and connections that are open; 0 where it is gone.
    package var openFiles: Int { ProcessFigures(of: processID)?.openFiles ?? 0 }
    /// Memory the process has, in bytes; 0 where it is gone.
    package var memory: Int { ProcessFigures(of: processID)?.memory ?? 0 }

    package var isRunning: Bool { process.isRunning }

    package var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

    package var processID: Int32 { process.processIdentifier }

    /// Stops its time, and lets it go on.
    package func freeze() { kill(process.processIdentifier, SIGSTOP) }
    package func thaw() { kill(process.processIdentifier, SIGCONT) }

    /// Ends it as a power cut would, and waits until it is gone.
    package func crash() async {
        kill(process.processIdentifier, SIGKILL)
        _ = await eventually { !process.isRunning }
    }

    /// Asks it to end.
    /// - Returns: its exit status; `nil` where it has not ended within `seconds`, and was killed.
    package func terminate(within seconds: Double) async -> Int32? {
        kill(process.processIdentifier, SIGTERM)
        guard await eventually(seconds, { !process.isRunning }) else {
            await crash()
            return nil
        }
        return process.terminationReason == .exit ? process.terminationStatus : nil
    }

    private static func listeningPort(in logPath: String) throws -> Int? {
        let text = try String(contentsOfFile: logPath, encoding: .utf8)
        for line in text.split(separator: "\n") {
            let json = JSONValue(Data(line.utf8))
            if json.message.string == "listening" { return json.port.int }
        }
        return nil
    }

    // MARK: Requests

    /// Says at once that nobody listens, rather than trying again until the time is up.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    package static func send(
        _ method: String, port: Int, _ path: String, headers: [String: String] = [:], body: String? = nil,
        isChunked: Bool = false, seconds: Int64 = hangTime
    ) async throws -> TestServer.Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = .init(rawValue: method)
        request.headers.add(name: "X-Internal-API-Key", value: TestServer.key)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            let bytes = Data(body.utf8)
            request.body = .bytes(bytes, length: isChunked ? .unknown : .known(Int64(bytes.count)))
        }
        let response = try await client.execute(request, timeout: .seconds(seconds))
        let bytes: ByteBuffer
        do { bytes = try await response.body.collect(upTo: 64 << 20) } catch {
            throw CutAnswer(status: Int(response.status.code))
        }
        return TestServer.Answer(
            status: Int(response.status.code), headers: response.headers.map { (name: $0.name, value: $0.value) },
            body: Data(buffer: bytes))
    }

    /// The head of an answer came, and not all of its body.
    package struct CutAnswer: Error {
        package let status: Int
    }

    package func get(_ path: String) async throws -> TestServer.Answer { try await ServerProcess.send("GET", port: port, path) }
}
