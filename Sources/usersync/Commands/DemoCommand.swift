import ArgumentParser
import Foundation
import SyncModel
import TerminalUI
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
        let terminal = Terminal.standard
        let demonstration = Demonstration(
            terminal: terminal, users: users, isKept: keep, start: { try await UsersyncApp.start(settings: $0) })
        // Without --keep it ends by itself, with the status of its work, whoever reads.
        let outputClosed: @Sendable () async -> Void = { await terminal.outputClosed() }
        let end: Void? = try await StopSignals.stopping(or: keep ? outputClosed : nil) { try await demonstration.run() }
        if end == nil, !keep { throw ExitCode(1) }
    }
}
