import ArgumentParser
import Foundation
import Settings
import SyncModel
import TerminalUI
import UsersyncApp

/// `usersync check`
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Go through the guide's deployment checklist with this configuration.",
        discussion: """
            EXAMPLES
              usersync check                        with the server running
              usersync check --offline              before its first start

            ✔ is fine, ! is worth a look, ✘ must be fixed and makes the exit status 1. Nothing is changed; the trial sync at the
            end runs on a temporary database.
            """)

    @Flag(help: "Do not call the server.")
    var offline = false

    @Flag(help: "Print a JSON object.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let terminal = Terminal.standard
        var list = Checklist()
        try await fill(&list)
        if json {
            try terminal.say(json: list.json.utf8)
        } else {
            for line in list.lines(style: terminal.style) { try terminal.say(line) }
        }
        if list.failures > 0 { throw ExitCode(1) }
    }

    private func fill(_ list: inout Checklist) async throws {
        var wrapperSecret: Secret?
        do {
            let source = try server.source.source()
            let named = Set(source.values().keys)
            let reading = try source.read()
            wrapperSecret = reading.settings.wrapperSecrets.first
            ConfigurationCheck(reading: reading, named: named).run(into: &list)
        } catch let error as SettingsError {
            for problem in error.problems {
                list.failure(.environment, problem.description, "`usersync serve --help` says what is valid")
            }
        } catch {
            list.failure(.environment, "\(error)", "fix the file")
            return
        }
        if !offline {
            do {
                list = try await server.withClient { [wrapperSecret] client in
                    var list = list
                    await ServerCheck(client: client, wrapperSecret: wrapperSecret).run(into: &list)
                    return list
                }
            } catch {
                list.failure(.endpoint, "\(error)", "name the server with --server")
            }
        }
        let soFar = list
        let whole = try await StopSignals.stopping {
            var list = soFar
            await TrialSync.run(into: &list, start: { try await UsersyncApp.start(settings: $0) })
            return list
        }
        guard let whole else { throw ExitCode(1) }
        list = whole
    }
}
