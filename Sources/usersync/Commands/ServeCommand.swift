import ArgumentParser
import Settings
import SyncModel
import TerminalUI
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
        let reading: Settings.Reading
        do { reading = try source.source().read() } catch let error as SettingsFileError where error.mayPass {
            throw error
        } catch {
            throw CommandFailure("\(error)", status: CommandFailure.badConfiguration)
        }
        for warning in reading.warnings { Terminal.standard.warn("\(warning.description)") }
        try await UsersyncApp.run(settings: reading.settings)
    }
}
