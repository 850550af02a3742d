import ArgumentParser
import SyncAPI
import SyncClient
import SyncModel
import TerminalUI

extension DeliveriesCommand {
    /// `usersync deliveries redeliver`
    struct Redeliver: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a webhook again, whatever its state.",
            discussion: """
                EXAMPLES
                  usersync deliveries redeliver msg_0199…
                  usersync deliveries redeliver --dead                 all that were given up on
                  usersync deliveries redeliver --dead --tenant acme   those of one tenant

                Of several that are named, one that the server does not know is said, and the others are sent all the same; exit
                status 1.
                """)

        @Argument(help: ArgumentHelp("The webhooks.", valueName: "delivery-id"))
        var ids: [String] = []
        @Flag(help: "All dead ones.")
        var dead = false
        @Option(help: ArgumentHelp("With --dead: only those of this tenant, by any of its names.", valueName: "id"))
        var tenant: String?
        @Option(help: ArgumentHelp("With --dead: only those of this job.", valueName: "job-id"))
        var job: String?
        @Flag(help: "Print the server's answers, one per line.")
        var json = false
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard dead != !ids.isEmpty else { throw ValidationError("name webhooks, or all dead ones with --dead") }
            guard dead || tenant == nil && job == nil else {
                throw ValidationError("--tenant and --job are for --dead: a webhook that is named needs neither")
            }
            try OptionText.check("--tenant", tenant)
            if let job { try JobsCommand.validate(job) }
            for id in ids where !Self.isID(id) {
                throw ValidationError("\"\(id)\" is not a delivery id; `usersync deliveries list` shows them")
            }
        }

        func run() async throws {
            let terminal = Terminal.standard
            try await server.withClient { client in
                if dead { try await redeliverDead(client, terminal) } else { try await redeliverNamed(client, terminal) }
            }
        }

        private func redeliverDead(_ client: SyncClient, _ terminal: Terminal) async throws {
            let answer = try await client.call(
                .redeliverDead, query: [("state", DeliveryState.dead.rawValue), ("tenantId", tenant), ("jobId", job)])
            let all = try answer.shown(as: RedeliveryAnswerDocument.self, on: terminal)
            if json { try terminal.say(json: answer.json(of: RedeliveryAnswerDocument.self)) }
            say(all.redelivered, later: all.waiting, terminal)
            if let sentence = all.waitForOrder { terminal.note("  \(sentence)") }
            if let sentence = all.waitForDestination { terminal.note("  \(sentence); one that is named is sent at once") }
        }

        /// One request each. What was done is said in any case.
        private func redeliverNamed(_ client: SyncClient, _ terminal: Terminal) async throws {
            var (sent, later, unknown) = (0, 0, 0)
            do {
                for id in ids {
                    do {
                        if try await !redeliver(id, client, terminal) { later += 1 }
                        sent += 1
                    } catch let refusal as Refusal where refusal.status == 404 {
                        terminal.complain("usersync: \(id): \(refusal)")
                        unknown += 1
                    }
                }
            } catch {
                if sent > 0 { say(sent, later: later, terminal) }
                throw error
            }
            if sent > 0 { say(sent, later: later, terminal) }
            if unknown > 0 { throw ExitCode(1) }
        }

        /// - Returns: whether it is sent now; otherwise it waits for an earlier one.
        private func redeliver(_ id: String, _ client: SyncClient, _ terminal: Terminal) async throws -> Bool {
            let answer = try await client.call(.redeliver, id: id)
            let delivery = try answer.shown(as: DeliveryAnswerDocument.self, on: terminal).delivery
            if json { try terminal.say(json: answer.json(of: DeliveryAnswerDocument.self)) }
            guard delivery.state == DeliveryState.pending.rawValue, delivery.nextAttemptAt == nil else { return true }
            terminal.note("  \(id) waits for an earlier webhook of its tenant")
            return false
        }

        private func say(_ count: Int, later: Int, _ terminal: Terminal) {
            let when = later <= 0 ? "now" : later >= count ? "later" : "\(Format.count(count - later)) of them now"
            let comma = later <= 0 || later >= count ? "" : ","
            terminal.note(
                "\(terminal.errorStyle.green("✔")) \(Format.count(count, "webhook")) will be sent again\(comma) \(when)")
        }

        /// The id becomes part of a path: only unreserved characters pass.
        private static func isID(_ id: String) -> Bool {
            (1...TextLimits.deliveryID).contains(id.utf8.count)
                && id.utf8.allSatisfy { c in
                    (0x30...0x39).contains(c) || (0x41...0x5A).contains(c) || (0x61...0x7A).contains(c) || c == 0x2D || c == 0x5F
                }
        }
    }
}
