import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("submit of odd files")
struct OddFilesTests {
    private static let users = #"[{"email":"a@x.example","name":"A"},{"email":"b@x.example","name":"B"}]"#
    private static let csv = "email,name\na@x.example,A\nb@x.example,B\n"
    private static let ndjson = "{\"email\":\"a@x.example\",\"name\":\"A\"}\n{\"email\":\"b@x.example\",\"name\":\"B\"}\n"
    private static let request = #"{"operation":"user_sync","tenant":{"id":"acme","name":"A"},"users":\#(users)}"#

    /// Sends a file and returns what the server was sent.
    private func submit(
        _ name: String, _ data: Data, _ options: [String] = ["--tenant", "acme"], isInput: Bool = false
    ) async throws -> (outcome: CommandRunner.Outcome, body: String?) {
        let folder = try TemporaryDirectory()
        let path = try folder.write(name, data)
        let server = FakeServer()
        let outcome = try await server.serve { url in
            try await CommandRunner.run(
                ["submit", isInput ? "-" : path, "--server", url] + options,
                environment: ["INTERNAL_API_KEY": FakeServer.key], input: isInput ? data : nil)
        }
        return (outcome, await server.received.first.map { String(decoding: $0.body, as: UTF8.self) })
    }

    @Test(
        "the content tells the format, not the name alone",
        arguments: [
            ("u.json", ndjson), ("u.txt", ndjson), ("u.csv", ndjson), ("u.json", csv), ("u.csv", request), ("u", request),
        ])
    func content(name: String, text: String) async throws {
        let isRequest = text == Self.request
        for isInput in [false, true] {
            let (outcome, body) = try await submit(
                name, Data(text.utf8), isRequest ? [] : ["--tenant", "acme"], isInput: isInput)
            #expect(outcome.status == 0, "\(outcome.error)")
            #expect(body?.contains("\"users\":\(Self.users)") == true)
            if !isInput, name.contains(".json") || name.contains(".csv") { #expect(outcome.error.contains("is read as")) }
        }
    }

    @Test("gzip is read, by whatever name", arguments: [("u.csv.gz", csv), ("u", ndjson), ("u.json.gz", request)])
    func gzip(name: String, text: String) async throws {
        let (outcome, body) = try await submit(name, try gzipped(Data(text.utf8)))
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(body?.contains("\"users\":\(Self.users)") == true)
    }

    @Test(
        "marks, line ends and separators that programs add do no harm, and what is left out is said",
        arguments: [
            ("\u{FEFF}" + request, nil), (csv.replacing("\n", with: "\r"), nil), (ndjson.replacing("\n", with: "\r"), nil),
            (csv.replacing("A\n", with: "A,,\n"), nil), (csv.replacing("\nb", with: "\n,\nb"), "left out: line 3"),
            (csv + "email,name\n", "left out: line 4"),
        ] as [(String, String?)])
    func harmless(text: String, remark: String?) async throws {
        let (outcome, body) = try await submit("u", Data(text.utf8))
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(body?.contains("\"users\":\(Self.users)") == true)
        if let remark { #expect(outcome.error.contains(remark)) } else { #expect(!outcome.error.contains("left out")) }
    }

    @Test("what cannot be read is refused with the reason")
    func refused() async throws {
        let wide = try #require("email,name\n".data(using: .utf16))
        for (name, data, reason) in [
            ("u.csv", wide, "is UTF-16"), ("u.csv", Data(), "is empty"), ("u.ndjson", Data(), "is empty"),
            ("u.json", Data(), "is empty"), ("u.csv", Data("PK\u{3}\u{4}x".utf8), "is a ZIP archive"),
            ("u.csv.gz", try gzipped(Data(Self.csv.utf8)).dropLast(2), "ends too early"),
            ("u.csv", Data("email,name\n\"a@x,A\n".utf8), "a quote is not closed"),
        ] {
            let (outcome, _) = try await submit(name, data)
            #expect(outcome.status == 1 && outcome.error.contains(reason), "\(name): \(outcome.error)")
            #expect(!outcome.error.contains("reached") && !outcome.error.contains("Accepted"))
        }
        let folder = try TemporaryDirectory()
        let outcome = try await CommandRunner.run(["submit", folder.path, "--tenant", "acme"])
        #expect(outcome.status == 1 && outcome.error.contains("is a directory"))
    }

    @Test("--tenant-name is refused where the content is a request, which names its tenant")
    func withoutEffect() async throws {
        let (outcome, body) = try await submit("u", Data(Self.request.utf8), ["--tenant-name", "Acme"])
        #expect(outcome.status == 2 && outcome.error.contains("--tenant-name has no effect"))
        #expect(body == nil)
    }

    @Test("a named pipe is read to its end")
    func pipe() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        Thread.detachNewThread {
            guard let pipe = fopen(path, "w") else { return }
            // In pieces: none of them tells the format.
            for piece in Self.ndjson { fputs(String(piece), pipe); fflush(pipe) }
            fclose(pipe)
        }
        let server = FakeServer()
        let outcome = try await server.serve { url in
            try await CommandRunner.run(
                ["submit", path, "--tenant", "acme", "--server", url], environment: ["INTERNAL_API_KEY": FakeServer.key])
        }
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(await server.received.first.map { String(decoding: $0.body, as: UTF8.self).contains(Self.users) } == true)
    }
}
