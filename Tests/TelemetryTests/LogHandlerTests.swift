import Foundation
import Logging
import SyncModel
import TestSupport
import Testing

@testable import Telemetry

@Suite("Log lines")
struct LogHandlerTests {
    private let clock = ManualClock(start: Timestamp(microseconds: 1_790_000_000_123_000))

    /// The lines that `body` logs.
    private func lines(_ body: (Logger) -> Void) -> [String] {
        let lines = Shared<[String]>([])
        var logger = Logger(label: "test") { _ in
            PrintableLogHandler(
                JSONLogHandler(clock: clock.wall) { line in lines.value += [String(decoding: line, as: UTF8.self)] })
        }
        logger.logLevel = .debug
        body(logger)
        return lines.value
    }

    @Test("a line is a JSON object with its time, level, message and metadata")
    func json() {
        let lines = lines { logger in
            var logger = logger
            logger[metadataKey: "tenant"] = "acme"
            logger.notice(
                "a \"word\" and more",
                metadata: [
                    "count": .stringConvertible(3), "ratio": .stringConvertible(0.5), "list": ["a", "b"],
                    "members": ["b": "2", "a": "1"],
                ])
            logger.trace("not shown")
        }
        let time = clock.timestamp.iso8601
        #expect(
            lines == [
                #"{"time":"\#(time)","level":"notice","message":"a \"word\" and more","count":3,"list":["a","b"],"#
                    + #""members":{"a":"1","b":"2"},"ratio":0.5,"tenant":"acme"}"# + "\n"
            ])
    }

    @Test("the call's metadata counts over the logger's")
    func metadata() {
        let lines = lines { logger in
            var logger = logger
            logger[metadataKey: "tenant"] = "acme"
            logger.info("x", metadata: ["tenant": "other"])
        }
        #expect(lines.count == 1 && lines[0].contains(#""tenant":"other""#) && !lines[0].contains("acme"))
    }

    @Test(
        "characters that command a terminal or reverse the text are written out",
        arguments: [
            ("\u{1b}[31m", "\\u{1b}[31m"), ("a\u{9b}b", "a\\u{9b}b"), ("\u{202e}abc", "\\u{202e}abc"),
            ("a\r\nb", "a\\u{d}\\u{a}b"),
            ("a\u{2028}b", "a\\u{2028}b"), ("Zoë 日本 👍", "Zoë 日本 👍"),
        ])
    func printable(text: String, shown: String) throws {
        struct Named: CustomStringConvertible, Sendable { let description: String }
        let lines = lines { logger in
            var logger = logger
            logger[metadataKey: "own"] = .string(text)
            logger.info(
                "\(text)",
                metadata: ["text": .string(text), "named": .stringConvertible(Named(description: text)), "list": [.string(text)]])
        }
        let line = try #require(lines.first)
        let read = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        for key in ["message", "own", "text", "named"] { #expect(read?[key] as? String == shown, "\(key)") }
        #expect(read?["list"] as? [String] == [shown])
    }
}
