import Logging
import Settings
import SyncModel
import Telemetry

/// Where log lines go: standard error, as JSON or as text (`LOG_FORMAT`).
enum LogOutput {
    static func logger(_ settings: Settings) -> Logger {
        var level = Logger.Level(rawValue: settings.logLevel.rawValue) ?? .info
        // The integration guide's debug mode: development shows debug lines unless a level says otherwise.
        if settings.environment == .development, level > .debug { level = .debug }
        return logger(settings.logFormat, level: level)
    }

    static func logger(_ format: LogFormat, level: Logger.Level) -> Logger {
        var logger = Logger(label: label) { _ in handler(format) }
        logger.logLevel = level
        return logger
    }

    static func handler(_ format: LogFormat) -> any LogHandler {
        switch format {
        case .json: PrintableLogHandler(JSONLogHandler(clock: .system))
        case .text: PrintableLogHandler(StreamLogHandler.standardError(label: label))
        }
    }

    private static let label = "usersync"
}
