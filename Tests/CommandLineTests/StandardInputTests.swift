import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("submit of standard input")
struct StandardInputTests {
    private static let users = #"[{"email":"a@x.example","name":"A"},{"email":"b@x.example","name":"B"}]"#
    private static let csv = "email,name\na@x.example,A\nb@x.example,B\n"

    /// Sends what is read from `input` and returns what the server was sent.
    private func submit(_ input: FileHandle) async throws -> (outcome: CommandRunner.Outcome, body: String?) {
        let server = FakeServer()
        let outcome = try await server.serve { url in
            try await CommandRunner.run(
                ["submit", "-", "--tenant", "acme", "--server", url], environment: ["INTERNAL_API_KEY": FakeServer.key],
                inputHandle: input)
        }
        return (outcome, await server.received.first.map { String(decoding: $0.body, as: UTF8.self) })
    }

    @Test("a file of which others have read a part is sent from there on")
    func partlyRead() async throws {
        let folder = try TemporaryDirectory()
        let head = "a line of another program\n"
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: folder.write("all", head + Self.csv)))
        try file.seek(toOffset: UInt64(head.utf8.count))
        let (outcome, body) = try await submit(file)
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(body?.contains("\"users\":\(Self.users)") == true, "\(body ?? "")")
    }

    @Test("a pipe that another process has made non-blocking is read to its end")
    func nonBlocking() async throws {
        let pipe = Pipe()
        let (input, output) = (pipe.fileHandleForReading.fileDescriptor, pipe.fileHandleForWriting)
        #expect(fcntl(input, F_SETFL, O_NONBLOCK) == 0)
        // The process must not inherit it: it would not see the end.
        _ = fcntl(output.fileDescriptor, F_SETFD, FD_CLOEXEC)
        async let submitted = submit(pipe.fileHandleForReading)
        for byte in Self.csv.utf8 {
            try output.write(contentsOf: Data([byte]))
            // Taken: the next read finds nothing, unless the next byte is faster.
            let isTaken = await eventually(60) {
                var left: Int32 = 0
                return ioctl(input, UInt(FIONREAD), &left) == 0 && left == 0
            }
            if !isTaken { break }
        }
        try output.close()
        let (outcome, body) = try await submitted
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(body?.contains("\"users\":\(Self.users)") == true, "\(body ?? "")")
    }
}
