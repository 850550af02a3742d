import ArgumentParser
import SyncModel
import TerminalUI
import UsersyncApp

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The command line.
@main
struct Usersync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usersync",
        abstract: "Takes user syncs over HTTP, keeps them in a durable queue and writes them into the CRM's database.",
        discussion: """
            EXAMPLES
              usersync demo                              see it work, nothing to set up
              INTERNAL_API_KEY=$(usersync keygen) usersync serve
              usersync submit users.csv --tenant acme --follow
              usersync status --watch

            Each setting is read from the environment, else from .env, else from config/usersync.yaml; `usersync serve --help`
            lists them.
            Exit status: 0 done, 1 failed, 2 bad usage, 78 if serve cannot use its settings, 130 or 143 if a signal ended a client.
            """,
        version: Version.current,
        subcommands: [
            ServeCommand.self, DemoCommand.self, SubmitCommand.self, JobsCommand.self, DeliveriesCommand.self,
            TenantsCommand.self,
            StatusCommand.self, ListenCommand.self, CheckCommand.self, KeygenCommand.self,
        ])

    static func main() async {
        StandardStreams.prepare()
        EarlyStop.beginForClient()
        do {
            var command = try await asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            endProcess(end(with: error, of: CommandLine.arguments.dropFirst().first))
        }
    }

    /// Prints what went wrong, or the help that was asked for, and returns the exit status.
    private static func end(with error: any Error, of command: String?) -> Int32 {
        if let code = error as? ExitCode { return code.rawValue }
        let code = exitCode(for: error)
        switch code {
        case .success:
            do throws(OutputFailure) {
                try Terminal.standard.say(TerminalText(lines: fullMessage(for: error)))
                return 0
            } catch {
                return end(with: error, of: command)
            }
        case .validationFailure where command == ServeCommand.configuration.commandName:
            ServeCommand.failUsage()
            return CommandFailure.badUsage
        case .validationFailure:
            Terminal.standard.complain(TerminalText(lines: fullMessage(for: error)))
            return CommandFailure.badUsage
        default:
            Terminal.standard.complain("usersync: \(error)")
            return switch error {
            case let failure as CommandFailure: failure.status
            case let failure as StartFailure where failure.isMisconfigured: CommandFailure.badConfiguration
            default: 1
            }
        }
    }
}

/// The C library's `exit`, which `ParsableCommand.exit` shadows inside a command.
private func endProcess(_ status: Int32) -> Never { exit(status) }
