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

            Exit status 1 if the server cannot be asked, or parts of its answer cannot be read.
            """)

    @Flag(help: "Refresh it until Ctrl-C.")
    var watch = false

    @Option(help: ArgumentHelp("Seconds between refreshes with --watch.", valueName: "seconds"))
    var interval = 2.0

    @Flag(help: "Print the server's answer.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard interval >= 0.2, interval <= 3600 else { throw ValidationError("--interval must be from 0.2 to 3600 seconds") }
    }

    func run() async throws {
        let terminal = Terminal.standard
        try await server.withClient { client in
            repeat {
                do {
                    let answer = try await client.call(.status)
                    let screen = try StatusScreen(
                        answer: answer, server: client.target.url, now: Timestamp(seconds: Date().timeIntervalSince1970))
                    if json {
                        terminal.say(json: try answer.json)
                        if !screen.unread.isEmpty { terminal.warn("\(screen.unreadSentence)") }
                    } else {
                        show(screen, terminal)
                    }
                    if !watch, !screen.unread.isEmpty { throw ExitCode(1) }
                } catch let error as Unreachable where watch {
                    // It may be restarting: keep watching until it is back.
                    if terminal.isOutputTerminal, !json { terminal.paint("\u{1B}[H\u{1B}[2J") }
                    terminal.complain("✘ \(error)")
                }
                if watch { try await Task.sleep(for: .seconds(interval)) }
            } while watch
        }
    }

    private func show(_ screen: StatusScreen, _ terminal: Terminal) {
        let lines = screen.lines(width: terminal.width, style: terminal.style)
        if watch, terminal.isOutputTerminal {
            // Redrawn in one write, each line cleared to its end, to avoid flicker.
            terminal.paint("\u{1B}[H" + lines.map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J")
        } else {
            for line in lines { terminal.say(line) }
            if watch { terminal.say() }
        }
    }
}
