import ArgumentParser
import SyncAPI
import SyncClient
import SyncModel
import TerminalUI

extension TenantsCommand {
    /// `usersync tenants alias merge`
    struct Merge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a tenant that is in use an alias of another.",
            discussion: """
                Shows what would happen to the users; with --yes it happens. The tenant keeps its users; those of the other name become its own, and of
                users that both have, the tenant's row stays and the other one is switched off. Jobs that were sent before end first;
                what is sent meanwhile waits.

                EXAMPLES
                  usersync tenants alias merge org_acme9f3 acme         shows it
                  usersync tenants alias merge org_acme9f3 acme --yes   does it, and waits until it is done
                """)

        @Argument(help: "The name that becomes an alias.")
        var alias: String
        @Argument(help: ArgumentHelp("The tenant that it becomes an alias of, by any of its names.", valueName: "tenant"))
        var tenant: String
        @Flag(help: "Do it.")
        var yes = false
        @Flag(help: "Print the server's answer.")
        var json = false
        @OptionGroup var server: ServerOptions

        func validate() throws {
            for (name, text) in [("alias", alias), ("tenant", tenant)] { try OptionText.check(name, text) }
        }

        private var names: [(String, String?)] { [("alias", alias), ("tenantId", tenant)] }

        func run() async throws {
            let terminal = Terminal.standard
            try await server.withClient { client in
                if yes { return try await merge(client, terminal) }
                let answer = try await client.call(.previewMerge, query: names)
                if json { return try terminal.say(json: answer.json(of: MergePreviewDocument.self)) }
                let preview = try answer.shown(as: MergePreviewDocument.self, on: terminal)
                for line in Self.lines(preview) { try terminal.say(line) }
                guard preview.conflicts == 0 else {
                    terminal.note("\(terminal.errorStyle.red("✘")) They cannot be merged until the CRM has settled these")
                    throw ExitCode(1)
                }
                terminal.note("Nothing was changed. To merge them, add --yes")
            }
        }

        private func merge(_ client: SyncClient, _ terminal: Terminal) async throws {
            let begun = try await client.call(.beginMerge, query: names)
            let answer = try begun.shown(as: MergeAnswerDocument.self, on: terminal)
            guard var merge = answer.merge else {
                let unread = try begun.reading(as: MergeAnswerDocument.self).unread
                guard unread.isEmpty else {
                    throw CommandFailure(
                        "the server's answer cannot be read: \(UnreadParts.sentence(unread)); look: usersync tenants merges")
                }
                if json { return try terminal.say(json: begun.json(of: MergeAnswerDocument.self)) }
                return terminal.note("\(terminal.errorStyle.green("✔")) \(answer.message)")
            }
            terminal.note("\(answer.message); that goes on if this command is ended (usersync tenants merges)")
            let id = "\(merge.id)"
            var shown = TerminalText()
            while merge.endedAt == nil {
                try await Task.sleep(for: .milliseconds(300))
                merge = try await client.call(.merge, id: id).shown(as: MergeDocument.self, on: terminal)
                let line = Self.progress(merge)
                if line != shown, merge.endedAt == nil { terminal.note(terminal.errorStyle.dim(line)) }
                shown = line
            }
            if json { try terminal.say(json: try await client.call(.merge, id: id).json(of: MergeDocument.self)) }
            guard merge.state == "merged" else {
                terminal.note("\(terminal.errorStyle.red("✘")) \(Self.progress(merge))")
                throw ExitCode(1)
            }
            terminal.note("\(terminal.errorStyle.green("✔")) \(Self.progress(merge))")
        }

        static func progress(_ merge: MergeDocument) -> TerminalText {
            switch merge.state {
            case "draining":
                "waiting for \(Format.count(merge.openJobs, "open job")); \(Format.count(merge.heldJobs)) wait for the merge"
            case "moving": "moving the users; \(Format.count(merge.heldJobs, "job")) waiting"
            case "settling": "the users are moved; ended jobs are being given to \(merge.tenantID)"
            case "merged":
                "\(merge.alias) is an alias of \(merge.tenantID): \(Format.count(merge.moved, "user")) moved, \(Format.count(merge.joined)) were there before"
            case "refused": "refused, nothing was changed: \(merge.error ?? "")"
            default: "\(merge.state), nothing was changed"
            }
        }

        static func lines(_ preview: MergePreviewDocument) -> [TerminalText] {
            let counts: [(Int, TerminalText)] = [
                (preview.moved, "users of \(preview.alias) become those of \(preview.tenantID)"),
                (preview.joined, "users are in both: the row of \(preview.tenantID) stays, the other one is switched off"),
                (preview.withOtherRights, "of these have other rights in \(preview.alias), which end"),
                (preview.deactivated, "of these become inactive: \(preview.alias) has the newer news"),
                (preview.reactivated, "of these become active again: \(preview.alias) has the newer news"),
                (preview.removed, "users become inactive: they were removed under the other name before they were there"),
                (preview.conflicts, "users cannot be merged"),
            ]
            let width = counts.map { "\($0.0)".count }.max() ?? 1
            let told = counts.enumerated().filter { $0.offset < 2 || $0.element.0 > 0 }.map(\.element)
            return told.map { count, what in "\(String(repeating: " ", count: width - "\(count)".count))\(count)  \(what)" }
                + preview.firstConflicts.map { "  \($0.reason): \(row($0.user))\($0.other.map { " and \(row($0))" } ?? "")" }
        }

        private static func row(_ row: MergeRowDocument) -> String {
            "users.id \(row.crmUserID)" + (row.id.map { " (\($0))" } ?? row.kindeUserID.map { " (\($0))" } ?? "")
        }
    }

    /// `usersync tenants merges`
    struct Merges: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Look at merges of tenants, or cancel one.",
            discussion: """
                EXAMPLES
                  usersync tenants merges list
                  usersync tenants merges cancel 3
                """,
            subcommands: [List.self, Cancel.self], defaultSubcommand: List.self)

        /// `usersync tenants merges list`
        struct List: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "List merges, the newest first.",
                discussion: """
                    EXAMPLE
                      usersync tenants merges list
                    """)

            @Option(help: "How many, up to 200.")
            var limit = 20
            @Option(help: ArgumentHelp("Continue where a list ended.", valueName: "cursor"))
            var cursor: String?
            @Flag(help: "Print the server's answer.")
            var json = false
            @OptionGroup var server: ServerOptions

            func validate() throws {
                try JobsCommand.validate(limit: limit)
                try OptionText.check("--cursor", cursor, atMost: TextLimits.cursor)
            }

            func run() async throws {
                let terminal = Terminal.standard
                try await server.withClient { client in
                    let answer = try await client.call(.merges, query: [("limit", "\(limit)"), ("cursor", cursor)])
                    if json { return try terminal.say(json: answer.json(of: PageDocument<MergeDocument>.self)) }
                    let page = try answer.shown(as: PageDocument<MergeDocument>.self, on: terminal)
                    guard !page.items.isEmpty else { return terminal.note("No merges.") }
                    var table = Table([
                        ("Id", .right), ("Name", .left), ("Tenant", .left), ("State", .left), ("Since (UTC)", .left),
                        ("Jobs", .left),
                    ])
                    for merge in page.items {
                        table.add([
                            "\(merge.id)", merge.alias, merge.tenantID, merge.state,
                            merge.since.map { Format.moment($0.iso8601) } ?? "",
                            merge.endedAt == nil ? "\(merge.openJobs) open, \(merge.heldJobs) held" : "",
                        ])
                    }
                    for line in table.lines(width: terminal.outputWidth, style: terminal.style) { try terminal.say(line) }
                    if let next = page.nextCursor { terminal.note(terminal.errorStyle.dim("more: --cursor \(next)")) }
                }
            }
        }

        /// `usersync tenants merges cancel`
        struct Cancel: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Take a merge back while it waits for jobs.",
                discussion: """
                    EXAMPLE
                      usersync tenants merges cancel 3
                    """)

            @Argument(help: "The merge's number.")
            var id: Int
            @Flag(help: "Print the server's answer.")
            var json = false
            @OptionGroup var server: ServerOptions

            func validate() throws { if id < 1 { throw ValidationError("A merge's number is at least 1") } }

            func run() async throws {
                let terminal = Terminal.standard
                try await server.withClient { client in
                    let answer = try await client.call(.cancelMerge, id: "\(id)")
                    let cancelled = try answer.shown(as: MergeAnswerDocument.self, on: terminal)
                    guard cancelled.merge != nil else {
                        throw CommandFailure("the server's answer names no merge; look: usersync tenants merges")
                    }
                    if json { return try terminal.say(json: answer.json(of: MergeAnswerDocument.self)) }
                    terminal.note("\(terminal.errorStyle.green("✔")) \(cancelled.message)")
                }
            }
        }
    }
}
