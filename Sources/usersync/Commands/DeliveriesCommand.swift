import ArgumentParser
import SyncAPI
import SyncClient
import SyncModel
import TerminalUI

/// `usersync deliveries`
struct DeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "List webhooks, send them again, or send a test event.",
        discussion: """
            EXAMPLES
              usersync deliveries list --state dead
              usersync deliveries redeliver msg_0199…
              usersync deliveries redeliver --dead --tenant acme
              usersync deliveries test
            """,
        subcommands: [List.self, Redeliver.self, Test.self],
        defaultSubcommand: List.self)

    /// `usersync deliveries list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List webhooks, the newest first.",
            discussion: """
                EXAMPLE
                  usersync deliveries list --state dead
                """)

        @Option(help: "Only webhooks in this state: pending, delivered or dead.")
        var state: String?
        @Option(help: ArgumentHelp("Only webhooks of this job.", valueName: "job-id"))
        var job: String?
        @Option(help: ArgumentHelp("Only webhooks of this tenant, by any of its names.", valueName: "id"))
        var tenant: String?
        @Option(help: "How many, up to 200.")
        var limit = 20
        @Option(help: ArgumentHelp("Continue where a list ended.", valueName: "cursor"))
        var cursor: String?
        @Flag(help: "Print the server's answer.")
        var json = false
        @OptionGroup var server: ServerOptions

        func validate() throws {
            try JobsCommand.validate(limit: limit)
            if let state, DeliveryState(rawValue: state) == nil {
                throw ValidationError("--state must be pending, delivered or dead")
            }
            if let job { try JobsCommand.validate(job) }
            try OptionText.check("--tenant", tenant)
            try OptionText.check("--cursor", cursor, atMost: TextLimits.cursor)
        }

        func run() async throws {
            let terminal = Terminal.standard
            try await server.withClient { client in
                let answer = try await client.call(
                    .deliveries,
                    query: [
                        ("state", state), ("jobId", job), ("tenantId", tenant), ("limit", "\(limit)"), ("cursor", cursor),
                    ])
                if json { return try terminal.say(json: answer.json(of: PageDocument<DeliveryDocument>.self)) }
                let page = try answer.shown(as: PageDocument<DeliveryDocument>.self, on: terminal)
                guard !page.items.isEmpty else { return terminal.note("No webhooks.") }
                for line in JobTables.deliveries(page.items).lines(width: terminal.outputWidth, style: terminal.style) {
                    try terminal.say(line)
                }
                if let next = page.nextCursor { terminal.note(terminal.errorStyle.dim("more: --cursor \(next)")) }
            }
        }
    }

    /// `usersync deliveries test`
    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a test event to WRAPPER_WEBHOOK_URL.",
            discussion: """
                EXAMPLE
                  usersync deliveries test && usersync deliveries list --limit 1
                """)

        @Flag(help: "Print the server's answer.")
        var json = false
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let terminal = Terminal.standard
            try await server.withClient { client in
                let answer = try await client.call(.testDelivery)
                _ = try answer.shown(as: DeliveryAnswerDocument.self, on: terminal)
                if json { return try terminal.say(json: answer.json(of: DeliveryAnswerDocument.self)) }
                terminal.note(
                    "\(terminal.errorStyle.green("✔")) A test event is on its way; `usersync deliveries list --limit 1` shows what became of it"
                )
            }
        }
    }
}
