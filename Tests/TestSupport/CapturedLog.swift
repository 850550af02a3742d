package import Logging
import Synchronization

/// Everything that was logged.
package final class CapturedLog: Sendable {
    package struct Line: Sendable {
        package var level: Logger.Level
        package var message: String
        package var metadata: [String: String]
    }

    package init() {}

    private let recorded = Mutex<[Line]>([])

    package var lines: [Line] { recorded.withLock { $0 } }
    package var text: String { lines.map { "\($0.level) \($0.message) \($0.metadata)" }.joined(separator: "\n") }
    package func contains(_ part: String) -> Bool { text.contains(part) }

    package var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(log: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let log: CapturedLog
        var logLevel: Logger.Level = .trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { "\($0)" }
            let line = Line(level: event.level, message: event.message.description, metadata: all)
            log.recorded.withLock { $0.append(line) }
        }
    }
}
