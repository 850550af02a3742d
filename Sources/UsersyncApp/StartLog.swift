import Foundation
import Logging
package import Settings
import Telemetry

/// Log lines of a start, in the format of the others, whether or not the settings can be used.
package struct StartLog: Sendable {
    private let logger: Logger

    /// - Parameter format: `LOG_FORMAT`, unchecked; anything but `text` is JSON.
    package init(format: String?) {
        let word = format?.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
        logger = LogOutput.logger(word.flatMap(LogFormat.init) ?? .json, level: .info)
    }

    package init(_ settings: Settings) { logger = LogOutput.logger(settings) }

    /// Says that the server was not started as it has to be, without the arguments: a key may be among them by mistake.
    package func failUsage(_ usage: String) { logger.critical("the arguments are not valid; \(usage)") }

    package func warn(_ remark: SettingRemark) { logger.warning("\(remark.description)") }

    /// Says why the server does not run. Of an error that is not ours only the kind is told: its text may quote what was read.
    package func fail(_ error: any Error) {
        switch error {
        case let error as SettingsError: for problem in error.problems { logger.critical("\(problem.description)") }
        case let error as SettingsFileError: logger.critical("\(error.description)")
        case let error as StartFailure: logger.critical("\(error.description)")
        default: logger.critical("the server ends: \(String(reflecting: type(of: error)))")
        }
    }

    /// Lets lines of libraries that make loggers of their own look like ours. Once per process, before the first of them.
    package static func takeOver(_ settings: Settings) {
        let format = settings.logFormat
        LoggingSystem.bootstrap { _ in LogOutput.handler(format) }
    }
}
