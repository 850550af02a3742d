import ArgumentParser
import Foundation
import ServiceLifecycle
import SyncModel
import TerminalUI
import UnixSignals
import UsersyncApp

/// `usersync demo`
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "See it work: a server on a temporary database, syncs, webhooks, the outcome.",
        discussion: """
            EXAMPLE
              usersync demo --keep

            Needs no settings and leaves nothing behind. With --keep the server runs until Ctrl-C, and some calls to try are printed.
            """)

    @Option(help: "Users in the large sync.")
    var users = 10_000

    @Flag(help: "Leave the server running at the end.")
    var keep = false

    func validate() throws {
        guard (100...1_000_000).contains(users) else { throw ValidationError("--users must be from 100 to 1000000") }
    }

    func run() async throws {
        let demonstration = Demonstration(
            terminal: .standard, users: users, isKept: keep, start: { try await UsersyncApp.start(settings: $0) })
        let wasStopped = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await demonstration.run()
                return false
            }
            group.addTask {
                // Ctrl-C or a closed terminal ends it cleanly: the temporary directory is removed.
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup) { return true }
                return false
            }
            let first = try await group.next() ?? false
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError {}
            return first
        }
        if wasStopped, !keep { throw ExitCode(1) }
    }
}
