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
        var logger = Logger(label: "usersync") { label in
            switch settings.logFormat {
            case .json: PrintableLogHandler(JSONLogHandler(clock: .system))
            case .text: PrintableLogHandler(StreamLogHandler.standardError(label: label))
            }
        }
        logger.logLevel = level
        return logger
    }
}
