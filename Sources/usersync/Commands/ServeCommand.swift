import ArgumentParser
import Foundation
import Settings
import UsersyncApp

/// `usersync serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server.",
        discussion: """
            EXAMPLE
              INTERNAL_API_KEY=$(usersync keygen) usersync serve

            Each setting is read from the environment, else from .env, else from config/usersync.yaml. If one is invalid, the
            server does not start and the exit status is 78.
            SIGTERM ends the server within SHUTDOWN_GRACE seconds; nothing accepted is lost.

            SETTINGS
            \(SettingDefinition.helpText)
            """)

    @OptionGroup var source: SettingsOptions

    func run() async throws {
        EarlyStop.begin()
        var log = Self.earlyLog
        do {
            let source = try source.source()
            log = StartLog(format: source.values()["LOG_FORMAT"])
            let reading = try source.read()
            log = StartLog(reading.settings)
            StartLog.takeOver(reading.settings)
            for warning in reading.warnings { log.warn(warning) }
            try await UsersyncApp.run(settings: reading.settings)
        } catch {
            log.fail(error)
            throw ExitCode(ServeCommand.status(of: error))
        }
    }

    /// As far as the format is known before the files of settings are read.
    private static var earlyLog: StartLog { StartLog(format: ProcessInfo.processInfo.environment["LOG_FORMAT"]) }

    /// Says that its arguments cannot be used.
    static func failUsage() {
        let source = try? SettingsSource()
        let log = source.map { StartLog(format: $0.values()["LOG_FORMAT"]) } ?? earlyLog
        log.failUsage("serve takes none but --config FILE: usersync serve --help")
    }

    private static func status(of error: any Error) -> Int32 {
        switch error {
        case is SettingsError: CommandFailure.badConfiguration
        case let error as SettingsFileError: error.mayPass ? 1 : CommandFailure.badConfiguration
        case let error as StartFailure: error.isMisconfigured ? CommandFailure.badConfiguration : 1
        default: 1
        }
    }
}
