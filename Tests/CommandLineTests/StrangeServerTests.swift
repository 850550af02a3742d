import ServerTestSupport
import TestSupport
import Testing

@Suite("What answers in place of a server")
struct StrangeServerTests {
    @Test(
        "is named in a sentence, and no command crashes",
        arguments: [
            ("SSH-2.0-OpenSSH\r\n", "what it answers is not HTTP"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "it closed the connection in the middle of its answer"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 2\r\n\r\n{}", "what it answers is not HTTP"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "what it answers is not HTTP"),
            ("HTTP/1.1 000 No\r\nContent-Length: 0\r\n\r\n", "what it answers is not HTTP"),
            ("HTTP/1.1 099 No\r\nContent-Length: 2\r\n\r\n{}", "what it answers is not HTTP"),
            ("HTTP/1.1 204 No Content\r\n\r\n", "is it a usersync server?"),
            ("HTTP/1.1 301 Moved\r\nLocation: http://x\r\nContent-Length: 0\r\n\r\n", "the server answered 301"),
            ("HTTP/1.1 503 No\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n", "the server answered 503\n"),
            ("HTTP/1.1 503 No\r\nRetry-After: -9223372036854775808\r\nContent-Length: 0\r\n\r\n", "the server answered 503\n"),
        ])
    func strange(answer: String, sentence: String) async throws {
        let outcome = try await RawResponder(answer: answer).serve { url in
            try await CommandRunner.run(["status", "--server", url])
        }
        #expect(outcome.status == 1)
        #expect(outcome.error.contains(sentence) && !outcome.error.contains("Try again in -"), "\(outcome.error)")
    }

    @Test("is named where its answer has no end")
    func tooLarge() async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 70000000\r\n\r\n"
        let outcome = try await RawResponder(answer: head + String(repeating: " ", count: 70_000_000)).serve { url in
            try await CommandRunner.run(["status", "--server", url])
        }
        #expect(outcome.status == 1 && outcome.error.contains("its answer is too large"))
    }
}
