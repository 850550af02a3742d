import ArgumentParser
import SyncAPI
import SyncClient
import SyncModel
import TerminalUI

/// `usersync jobs`
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "List, show, retry and cancel jobs.",
        discussion: """
            EXAMPLES
              usersync jobs                                   the newest ones
              usersync jobs list --status completed_with_errors
              usersync jobs show 0199a1b2-…
            """,
        subcommands: [List.self, Show.self, Retry.self, Cancel.self],
        defaultSubcommand: List.self)

    /// `usersync jobs list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List jobs, the newest first.",
            discussion: """
                EXAMPLE
                  usersync jobs list --tenant acme --since 2025-08-19 --limit 20
                """)

        @Option(help: "Only jobs in this state: \(JobState.allCases.map(\.rawValue).joined(separator: ", ")).")
        var status: String?
        @Option(help: ArgumentHelp("Only jobs of this tenant.", valueName: "id"))
        var tenant: String?
        @Option(help: ArgumentHelp("Only jobs from this X-Sync-Source.", valueName: "name"))
        var source: String?
        @Option(help: ArgumentHelp("Only jobs accepted at or after this time (ISO 8601).", valueName: "time"))
        var since: String?
        @Option(help: ArgumentHelp("Only jobs accepted before this time (ISO 8601).", valueName: "time"))
        var until: String?
        @Option(help: "How many, up to 200.")
        var limit = 20
        @Option(help: ArgumentHelp("Continue where a list ended.", valueName: "cursor"))
        var cursor: String?
        @Flag(help: "Print the server's answer.")
        var json = false
        @OptionGroup var server: ServerOptions

        func validate() throws {
            try JobsCommand.validate(limit: limit)
            if let status, JobState(rawValue: status) == nil {
                throw ValidationError("--status must be one of \(JobState.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            for (name, text) in [("--tenant", tenant), ("--source", source)] { try OptionText.check(name, text) }
            try OptionText.check("--cursor", cursor, atMost: TextLimits.cursor)
            for (name, time) in [("--since", since), ("--until", until)] {
                if let time, Timestamp(iso8601: time) == nil {
                    throw ValidationError("\(name) must be a time such as 2025-08-19T10:00:00Z")
                }
            }
        }

        func run() async throws {
            let terminal = Terminal.standard
            try await server.withClient { client in
                let answer = try await client.call(
                    .jobs,
                    query: [
                        ("status", status), ("tenantId", tenant), ("source", source), ("since", since), ("until", until),
                        ("limit", "\(limit)"), ("cursor", cursor),
                    ])
                if json { return try terminal.say(json: answer.json(of: PageDocument<JobSummaryDocument>.self)) }
                let page = try answer.shown(as: PageDocument<JobSummaryDocument>.self, on: terminal)
                guard !page.items.isEmpty else { return terminal.note("No jobs.") }
                for line in JobTables.jobs(page.items).lines(width: terminal.outputWidth, style: terminal.style) {
                    try terminal.say(line)
                }
                if let next = page.nextCursor { terminal.note(terminal.errorStyle.dim("more: --cursor \(next)")) }
            }
        }
    }

    /// `usersync jobs show`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a job: how far along it is, what failed and why.",
            discussion: """
                EXAMPLE
                  usersync jobs show 0199a1b2-… --failed
                """)

        @Argument(help: ArgumentHelp("The job.", valueName: "job-id"))
        var id: String
        @Flag(help: "List its failed users, up to 1,000; with --json, the server's list of them in place of the job.")
        var failed = false
        @Flag(help: "Watch it until it has ended.")
        var follow = false
        @Flag(help: "Print the server's answer.")
        var json = false
        @OptionGroup var server: ServerOptions

        func validate() throws { try JobsCommand.validate(id) }

        func run() async throws {
            let terminal = Terminal.standard
            try await server.withClient { client in
                let follower = JobFollower(client: client, jobID: id)
                let most = PageLimit.results.range.upperBound
                let answer: SyncClient.Answer
                let job: JobDocument
                if follow {
                    (job, answer) = try await SubmitCommand.watch(follower, terminal: terminal)
                } else {
                    answer = try await client.call(.job, id: id)
                    job = try answer.shown(as: JobDocument.self, on: terminal)
                }
                if json {
                    guard failed else { return try terminal.say(json: answer.json(of: JobDocument.self)) }
                    let failures = try await follower.failures(limit: most)
                    return try terminal.say(json: failures.json(of: PageDocument<UserResultDocument>.self))
                }
                for line in job.lines(style: terminal.style) { try terminal.say(line) }
                guard failed, job.failed > 0 else { return }
                let table = JobTables.failures(try await follower.failedUsers(limit: most))
                try terminal.say()
                for line in table.lines(width: terminal.outputWidth, style: terminal.style) { try terminal.say(line) }
            }
        }
    }

    /// `usersync jobs retry`
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sync a job's failed users again, as a new job.",
            discussion: """
                EXAMPLE
                  usersync jobs retry 0199a1b2-… --follow
                """)

        @Argument(help: ArgumentHelp("The job.", valueName: "job-id"))
        var id: String
        @Flag(help: "Watch the new job until it has ended.")
        var follow = false
        @Flag(help: "Print the server's answer.")
        var json = false
        @OptionGroup var server: ServerOptions

        func validate() throws { try JobsCommand.validate(id) }

        func run() async throws {
            let terminal = Terminal.standard
            try await server.withClient { client in
                let answer = try await client.call(.retryJob, id: id)
                let accepted = try answer.shown(as: AcknowledgementDocument.self, on: terminal)
                if json, !follow { return try terminal.say(json: answer.json(of: AcknowledgementDocument.self)) }
                terminal.note("\(terminal.errorStyle.green("✔")) \(accepted.message), job \(accepted.jobID)")
                guard follow else { return }
                let follower = JobFollower(client: client, jobID: accepted.jobID)
                let (job, last) = try await SubmitCommand.watch(follower, terminal: terminal)
                if json { try terminal.say(json: last.json(of: JobDocument.self)) }
                try await SubmitCommand.sum(up: job, follower, terminal: terminal)
                if job.state != .completed { throw ExitCode(1) }
            }
        }
    }

    /// `usersync jobs cancel`
    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancel a job: batches not yet started are dropped, what was committed stays.",
            discussion: """
                EXAMPLE
                  usersync jobs cancel 0199a1b2-…
                """)

        @Argument(help: ArgumentHelp("The job.", valueName: "job-id"))
        var id: String
        @Flag(help: "Print the server's answer.")
        var json = false
        @OptionGroup var server: ServerOptions

        func validate() throws { try JobsCommand.validate(id) }

        func run() async throws {
            let terminal = Terminal.standard
            try await server.withClient { client in
                let answer = try await client.call(.cancelJob, id: id)
                let job = try answer.shown(as: JobDocument.self, on: terminal)
                if json { return try terminal.say(json: answer.json(of: JobDocument.self)) }
                terminal.note(
                    "\(terminal.errorStyle.green("✔")) "
                        + (job.hasEnded
                            ? "Job \(id) has ended: \(job.stateWords)"
                            : "Job \(id) is being cancelled; it ends after its running batches"))
            }
        }
    }

    static func validate(limit: Int) throws {
        let range = PageLimit.list.range
        guard range.contains(limit) else {
            throw ValidationError("--limit must be from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    /// The id becomes part of a path: nothing else may pass.
    static func validate(_ id: String) throws {
        if JobID(id) == nil { throw ValidationError("\"\(id)\" is not a job id; `usersync jobs list` shows them") }
    }
}

extension JobDocument {
    /// The job for people.
    func lines(style: Style) -> [TerminalText] {
        var lines: [TerminalText] = [hasEnded ? endLine(style: style) : "\(style.cyan("•")) \(progressLine.plain)"]
        func row(_ title: String, _ value: String?) {
            if let value, !value.isEmpty { lines.append("  \(style.dim("\(title.padded(to: 10))")) \(value)") }
        }
        row("Job", result.jobID + (retryOf.map { ", retry of \($0)" } ?? ""))
        row("State", stateWords)
        row("Tenant", result.tenant.name.isEmpty ? result.tenant.id : "\(result.tenant.id) (\(result.tenant.name))")
        row("Operation", result.metadata.operation)
        row("Source", source)
        row("Users", "\(Format.count(totalUsers))\(outcomeText.isEmpty ? "" : ": \(outcomeText)")")
        row(
            "Failures",
            failedCodes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\(Format.count($1)) \($0)" }.joined(
                separator: ", "))
        row("Accepted", (result.metadata.acceptedAt?.iso8601).map(Format.moment))
        row("Started", (startedAt?.iso8601).map(Format.moment))
        row("Ended", (endedAt?.iso8601).map(Format.moment))
        if let webhook {
            row("Webhook", [webhook.state, webhook.lastError].compactMap { $0 }.joined(separator: ": "))
        }
        for warning in warnings { row("Warning", warning) }
        for attempt in attempts.prefix(5) {
            row(
                "Attempt",
                "\(Format.moment(attempt.at.iso8601)) batch \(attempt.batch), attempt \(attempt.attempt): \(attempt.error)")
        }
        return lines
    }
}
