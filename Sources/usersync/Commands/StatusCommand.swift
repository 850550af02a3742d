import ArgumentParser
import Foundation
import SyncAPI
import SyncClient
import SyncModel
import TerminalUI

/// `usersync status`
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the queue at a glance: what is stuck, since when, and what to do.",
        discussion: """
            EXAMPLE
              usersync status --watch

            Exit status 1 if the server cannot be asked, or parts of its answer cannot be read. --watch ends with 0 once nobody reads
            its output any more.
            """)

    @Flag(help: "Refresh it until Ctrl-C.")
    var watch = false

    @Option(help: ArgumentHelp("Seconds between refreshes with --watch; 2 by default.", valueName: "seconds"))
    var interval: Double?

    @Flag(help: "Print the server's answer.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard let interval else { return }
        guard watch else { throw ValidationError("--interval is for --watch: the status is shown once") }
        guard interval >= 0.2, interval <= 3600 else { throw ValidationError("--interval must be from 0.2 to 3600 seconds") }
    }

    func run() async throws {
        let terminal = Terminal.standard
        try await server.withClient { client in
            if watch { return try await watch(client, terminal) }
            let (answer, screen) = try await look(client)
            if json {
                try terminal.say(json: answer.json(of: StatusDocument.self))
                if !screen.unread.isEmpty { terminal.warn("\(screen.unreadSentence)") }
            } else {
                for line in screen.lines(width: terminal.outputWidth, style: terminal.style) { try terminal.say(line) }
            }
            if !screen.unread.isEmpty { throw ExitCode(1) }
        }
    }

    private func look(_ client: SyncClient) async throws -> (SyncClient.Answer, StatusScreen) {
        let answer = try await client.call(.status)
        let now = Timestamp(seconds: Date().timeIntervalSince1970)
        return (answer, try StatusScreen(answer: answer, server: client.target.url, now: now))
    }

    /// Refreshes the screen until nobody reads it any more.
    private func watch(_ client: SyncClient, _ terminal: Terminal) async throws {
        let clock = ContinuousClock()
        while true {
            var lines: [TerminalText] = []
            do {
                let (answer, screen) = try await look(client)
                if json {
                    try terminal.say(json: answer.json(of: StatusDocument.self))
                } else {
                    lines = screen.lines(width: terminal.outputWidth, style: terminal.style)
                }
            } catch let error where JobFollower.mayPass(error) {
                // It may be restarting: keep watching until it is back.
                if json || !terminal.isOutputTerminal {
                    terminal.complain("✘ \(error)")
                } else {
                    lines = "✘ \(error)".split(separator: "\n").map { terminal.style.red(TerminalText($0)) }
                }
            }
            try show(lines, terminal)
            let next = clock.now + .seconds(interval ?? 2)
            var shown = terminal.measured.size
            while clock.now < next {
                if terminal.isOutputClosed { return }
                try await Task.sleep(for: min(.milliseconds(200), next - clock.now))
                guard terminal.isOutputTerminal, terminal.measured.size != shown else { continue }
                shown = terminal.measured.size
                try show(lines, terminal)
            }
        }
    }

    private func show(_ lines: [TerminalText], _ terminal: Terminal) throws(OutputFailure) {
        if lines.isEmpty { return }
        if terminal.isOutputTerminal {
            try terminal.paint(Screen(lines, size: terminal.measured.size).drawn)
        } else {
            for line in lines { try terminal.say(line) }
            try terminal.say()
        }
    }
}
