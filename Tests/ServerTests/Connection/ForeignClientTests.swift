import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("Clients of others")
struct ForeignClientTests {
    private static func path(_ program: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(program)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
    private static let java = path("java")
    private static let node = path("node")
    private static let bench = path("ab")
    private static let curl = path("curl")

    private static let scripts = Repository.root.appending(path: "Tests/Tools/Clients")

    /// Runs a program to its end, a minute at most.
    private func run(_ program: String?, _ arguments: [String]) async throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: try #require(program))
        process.arguments = arguments
        let folder = try TemporaryDirectory()
        let output = URL(filePath: try folder.write("output", ""))
        let file = try FileHandle(forWritingTo: output)
        process.standardOutput = file
        process.standardError = file
        process.standardInput = FileHandle.nullDevice
        try process.run()
        if await !eventually(120, { !process.isRunning }) { process.terminate() }
        process.waitUntilExit()
        return (process.terminationStatus, try String(contentsOf: output, encoding: .utf8))
    }

    @Test("Java's HttpClient, which asks for HTTP/2", .enabled(if: java != nil, "there is no java here"))
    func javaClient() async throws {
        try await TestServer.run { server in
            let (status, output) = try await run(
                Self.java, ["-XX:+UseSerialGC", Self.scripts.appending(path: "Client.java").path, server.url, TestServer.key])
            #expect(status == 0 && output.hasSuffix("done\n"), "\(output.suffix(500))")
        }
    }

    @Test("Node's http and fetch", .enabled(if: node != nil, "there is no node here"))
    func nodeClient() async throws {
        try await TestServer.run { server in
            let (status, output) = try await run(
                Self.node, [Self.scripts.appending(path: "client.mjs").path, server.url, TestServer.key])
            #expect(status == 0 && output.hasSuffix("done\n"), "\(output.suffix(500))")
        }
    }

    @Test("ab, which speaks HTTP/1.0, with and without keep-alive", .enabled(if: bench != nil, "there is no ab here"))
    func apacheBench() async throws {
        try await TestServer.run { server in
            for options in [[], ["-k"]] {
                let (status, output) = try await run(
                    Self.bench, ["-q", "-s", "10", "-n", "50", "-c", "2"] + options + [server.url + "/livez"])
                #expect(status == 0, "\(output)")
                #expect(
                    output.contains("Complete requests:      50") && output.contains("Failed requests:        0"), "\(output)")
                #expect(!output.contains("Non-2xx"), "\(output)")
                if options == ["-k"] { #expect(output.contains("Keep-Alive requests:    50"), "\(output)") }
            }
        }
    }

    @Test(
        "curl, which offers an upgrade, sends two requests on one connection", .enabled(if: curl != nil, "there is no curl here"))
    func curlClient() async throws {
        try await TestServer.run { server in
            let (_, version) = try await run(Self.curl, ["--version"])
            let options = version.contains("HTTP2") ? ["--http2"] : []
            let address = server.url + "/livez"
            let (status, output) = try await run(
                Self.curl,
                ["-sS", "-m", "20"] + options + [
                    "-w", "%{http_code} %{num_connects}\n", "-o", "/dev/null", "-o", "/dev/null", address, address,
                ])
            #expect(status == 0 && output == "200 1\n200 0\n", "\(output)")
        }
    }
}
