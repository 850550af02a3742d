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
        }

        func run() async throws {
            let terminal = Terminal.standard
            try await server.withClient { client in
                let answer = try await client.call(
                    .deliveries,
                    query: [("state", state), ("jobId", job), ("limit", "\(limit)"), ("cursor", cursor)])
                if json { return try terminal.say(json: answer.json) }
                let page = try answer.shown(as: PageDocument<DeliveryDocument>.self, on: terminal)
                guard !page.items.isEmpty else { return terminal.note("No webhooks.") }
                for line in JobTables.deliveries(page.items).lines(width: terminal.outputWidth, style: terminal.style) {
                    try terminal.say(line)
                }
                if let next = page.nextCursor { terminal.note(terminal.errorStyle.dim("more: --cursor \(next)")) }
            }
        }
    }

    /// `usersync deliveries redeliver`
    struct Redeliver: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a webhook again, whatever its state.",
            discussion: """
                EXAMPLES
                  usersync deliveries redeliver msg_0199…
                  usersync deliveries redeliver --dead          all that were given up on
                """)

        @Argument(help: ArgumentHelp("The webhooks.", valueName: "delivery-id"))
        var ids: [String] = []
        @Flag(help: "All dead ones.")
        var dead = false
        @Flag(help: "Print the server's answers, one per line.")
        var json = false
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard dead != !ids.isEmpty else { throw ValidationError("name webhooks, or all dead ones with --dead") }
            for id in ids where id.isEmpty || !id.utf8.allSatisfy(DeliveriesCommand.isIDCharacter) {
                throw ValidationError("\"\(id)\" is not a delivery id; `usersync deliveries list` shows them")
            }
        }

        func run() async throws {
            let terminal = Terminal.standard
            try await server.withClient { client in
                let style = terminal.errorStyle
                if dead {
                    let answer = try await client.call(.redeliverDead, query: [("state", DeliveryState.dead.rawValue)])
                    let all = try answer.decoded(as: RedeliveryAnswerDocument.self)
                    if json { try terminal.say(json: answer.json) }
                    terminal.note("\(style.green("✔")) \(Format.count(all.redelivered, "webhook")) will be sent again now")
                    guard all.waiting > 0, let end = all.waitsUntil else { return }
                    terminal.note(
                        "  \(all.waiting) of them wait until \(end.iso8601) at most: their destination asked for that; one that is named is sent at once"
                    )
                } else {
                    for id in ids { try await redeliver(id, client, terminal) }
                    terminal.note("\(style.green("✔")) \(Format.count(ids.count, "webhook")) will be sent again now")
                }
            }
        }

        private func redeliver(_ id: String, _ client: SyncClient, _ terminal: Terminal) async throws {
            guard id.utf8.allSatisfy(DeliveriesCommand.isIDCharacter) else {
                throw CommandFailure("the server sent an invalid delivery id")
            }
            let answer = try await client.call(.redeliver, id: id)
            if json { try terminal.say(json: answer.json) }
            guard let delivery = try? answer.decoded(as: DeliveryAnswerDocument.self).delivery else { return }
            if delivery.state == DeliveryState.pending.rawValue, delivery.nextAttemptAt == nil {
                terminal.note("  \(id) waits for an earlier webhook of its tenant")
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
                if json { return try terminal.say(json: answer.json) }
                terminal.note(
                    "\(terminal.errorStyle.green("✔")) A test event is on its way; `usersync deliveries list --limit 1` shows what became of it"
                )
            }
        }
    }

    /// The id becomes part of a path: only unreserved characters pass.
    fileprivate static func isIDCharacter(_ c: UInt8) -> Bool {
        (0x30...0x39).contains(c) || (0x41...0x5A).contains(c) || (0x61...0x7A).contains(c) || c == 0x2D || c == 0x5F
    }
}
