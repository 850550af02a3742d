import ArgumentParser
import SyncAPI
import SyncClient
import SyncModel
import TerminalUI

/// `usersync tenants`
struct TenantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenants",
        abstract: "Look at the names of tenants, and change them.",
        discussion: """
            EXAMPLES
              usersync tenants alias list
              usersync tenants alias set org_acme9f3 3f2b6c1e-0d4a-4b8f-9a51-7c2e9d3f1a01
            """,
        subcommands: [Alias.self, Merges.self])

    /// `usersync tenants alias`
    struct Alias: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Names that stand for tenants (TENANT_ALIASES).",
            discussion: """
                EXAMPLES
                  usersync tenants alias list --tenant acme
                  usersync tenants alias set org_acme9f3 acme      jobs sent to org_acme9f3 are acme's
                  usersync tenants alias set acme acme             acme stays a tenant of its own
                  usersync tenants alias merge org_acme9f3 acme    what making one of the two would do
                  usersync tenants alias forget org_acme9f3
                """,
            subcommands: [List.self, Set.self, Merge.self, Forget.self],
            defaultSubcommand: List.self)
    }

    /// `usersync tenants alias list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List aliases, the newest first.",
            discussion: """
                EXAMPLE
                  usersync tenants alias list --tenant acme
                """)

        @Option(help: ArgumentHelp("Only those of this tenant, by any of its names.", valueName: "id"))
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
            try OptionText.check("--tenant", tenant)
            try OptionText.check("--cursor", cursor, atMost: TextLimits.cursor)
        }

        func run() async throws {
            let terminal = Terminal.standard
            try await server.withClient { client in
                let answer = try await client.call(
                    .aliases, query: [("tenantId", tenant), ("limit", "\(limit)"), ("cursor", cursor)])
                if json { return try terminal.say(json: answer.json(of: PageDocument<TenantAliasDocument>.self)) }
                let page = try answer.shown(as: PageDocument<TenantAliasDocument>.self, on: terminal)
                guard !page.items.isEmpty else { return terminal.note("No aliases.") }
                var table = Table([("Alias", .left), ("Tenant", .left), ("Origin", .left), ("Since (UTC)", .left)])
                for alias in page.items {
                    table.add([
                        alias.alias, alias.tenantID, alias.origin, alias.since.map { Format.moment($0.iso8601) } ?? "",
                    ])
                }
                for line in table.lines(width: terminal.outputWidth, style: terminal.style) { try terminal.say(line) }
                if let next = page.nextCursor { terminal.note(terminal.errorStyle.dim("more: --cursor \(next)")) }
            }
        }
    }

    /// `usersync tenants alias set`
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an unused name an alias of a tenant.",
            discussion: """
                Refused while jobs that came under the name are open, and if the CRM has users of it, or a removal that came
                before its user: it is a tenant then, which can be merged. With the same name twice it is kept a tenant of its own,
                so that nothing is learnt of it. The answer says if no job and no user of the tenant is known.

                EXAMPLES
                  usersync tenants alias set org_acme9f3 acme
                  usersync tenants alias set acme acme
                """)

        @Argument(help: "The name.")
        var alias: String
        @Argument(help: ArgumentHelp("The tenant, by any of its names.", valueName: "tenant"))
        var tenant: String
        @Flag(help: "Print the server's answer.")
        var json = false
        @OptionGroup var server: ServerOptions

        func validate() throws {
            for (name, text) in [("alias", alias), ("tenant", tenant)] { try OptionText.check(name, text) }
        }

        func run() async throws {
            try await TenantsCommand.change(server, json, .setAlias, [("alias", alias), ("tenantId", tenant)])
        }
    }

    /// `usersync tenants alias forget`
    struct Forget: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a name no alias any more.",
            discussion: """
                Jobs that came under it stay with their tenant, and its own get numbers (sequence) above those. With
                TENANT_ALIASES=learn it may be learnt again; to prevent that, set it as an alias of itself.

                EXAMPLE
                  usersync tenants alias forget org_acme9f3
                """)

        @Argument(help: "The name.")
        var alias: String
        @Flag(help: "Print the server's answer.")
        var json = false
        @OptionGroup var server: ServerOptions

        func validate() throws { try OptionText.check("alias", alias) }

        func run() async throws { try await TenantsCommand.change(server, json, .forgetAlias, [("alias", alias)]) }
    }

    fileprivate static func change(
        _ server: ServerOptions, _ json: Bool, _ endpoint: Endpoint, _ query: [(String, String?)]
    ) async throws {
        let terminal = Terminal.standard
        try await server.withClient { client in
            let answer = try await client.call(endpoint, query: query)
            if json { return try terminal.say(json: answer.json(of: AliasAnswerDocument.self)) }
            let message = try answer.shown(as: AliasAnswerDocument.self, on: terminal).message
            terminal.note("\(terminal.errorStyle.green("✔")) \(message)")
        }
    }
}
