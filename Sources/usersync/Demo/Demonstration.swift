import Foundation
import Settings
import SyncAPI
import SyncClient
import SyncModel
import TerminalUI
import UsersyncApp
import Webhooks

/// What `usersync demo` shows, step by step.
struct Demonstration: Sendable {
    let terminal: Terminal
    /// Users in the large sync.
    let users: Int
    let isKept: Bool
    let start: ScratchServer.Start

    private let halden = DemoUsers(tenantID: "halden-logistics", tenantName: "Halden Logistics", domain: "halden.example")
    private let orchard = DemoUsers(tenantID: "org_orchard", tenantName: "Orchard Books", domain: "orchard.example")
    private let marlow = DemoUsers(tenantID: "marlow-finch", tenantName: "Marlow & Finch", domain: "marlow.example")
    /// How long the demo waits for a webhook before it counts as lost.
    private static let webhookPatience: Duration = .seconds(20)

    init(terminal: Terminal, users: Int, isKept: Bool, start: @escaping ScratchServer.Start) {
        self.terminal = terminal
        self.users = users
        self.isKept = isKept
        self.start = start
    }

    /// Runs everything, with a receiver of webhooks beside the server.
    /// - Throws: `CommandFailure` if something is not as it should be.
    func run() async throws {
        let key = Secret(RandomKey.make())
        let receiver = WebhookReceiver(
            verifier: WebhookVerifier(secrets: [WebhookSecret.derived(fromInternalKey: key.value)]))
        let (ports, portSink) = AsyncStream<Int>.makeStream()
        let (events, eventSink) = AsyncStream<WebhookReceiver.Event>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer {
                    portSink.finish()
                    eventSink.finish()
                }
                try await receiver.run(
                    listening: { portSink.yield($0) }, received: { eventSink.yield($0) })
            }
            guard let port = await ports.first(where: { _ in true }) else {
                try await group.waitForAll()
                throw CommandFailure("the receiver of webhooks cannot be started")
            }
            try await ScratchServer.with(key: key, webhookURL: "http://127.0.0.1:\(port)/hook", start: start) { server in
                try await show(server, webhooks: port, events: events, sink: eventSink)
            }
            group.cancelAll()
        }
    }

    private func show(
        _ server: ScratchServer, webhooks: Int, events: AsyncStream<WebhookReceiver.Event>,
        sink: AsyncStream<WebhookReceiver.Event>.Continuation
    ) async throws {
        let style = terminal.style
        try step("A server at \(server.client.target.url), its database and queue in a temporary directory,")
        try terminal.say("  and a receiver of its webhooks at http://127.0.0.1:\(webhooks)/hook")

        // Three people who work for both companies: with EMAIL_SCOPE=global their second account is refused.
        let both = (1...3).map { marlow.user($0) }
        try step("\(marlow.tenantName) syncs \(Format.count(both.count, "user"))")
        let first = try await server.submit(marlow, json: marlow.request(both, syncType: "full")).decoded(
            as: AcknowledgementDocument.self)
        let firstJob = try await JobFollower(client: server.client, jobID: first.jobID, interval: .milliseconds(20)).follow { _ in
        }.job
        try terminal.say("  \(firstJob.endLine(style: style))")

        try step("\(halden.tenantName) syncs \(Format.count(users, "user")) at once")
        let all = (1...users).map { number in
            number % max(1, users / 3) == 0 && number / max(1, users / 3) <= 3
                ? halden.user(number, email: marlow.email(number / max(1, users / 3))) : halden.user(number)
        }
        let json = halden.request(all, syncType: "full")
        let clock = ContinuousClock()
        let sent = clock.now
        let large = try await server.submit(halden, json: json).decoded(as: AcknowledgementDocument.self)
        try terminal.say(
            "  \(style.green("✔")) 202 after \(Format.duration((clock.now - sent).inSeconds)): \(Format.bytes(json.utf8.count)) are on disk,"
                + " job \(large.jobID)")

        let (largeJob, small) = try await overtake(server, large: large)

        let call = try await callInVersionTwo(server)

        try step("The webhooks, signatures verified")
        let ids = [first.jobID, small.jobID, large.jobID, call.jobID]
        try await printWebhooks(of: ids, events: events, sink: sink)

        try step("The outcome")
        var table = Table([
            ("Tenant", .left), ("Users", .right), ("Created", .right), ("Failed", .right), ("Took", .right), ("State", .left),
        ])
        for job in [firstJob, small, largeJob] {
            table.add([
                job.result.tenant.name, Format.count(job.totalUsers), Format.count(job.counts.created),
                Format.count(job.failed), job.seconds.map(Format.duration) ?? "", job.stateWords,
            ])
        }
        for line in table.lines(width: terminal.outputWidth, style: style, indent: 2) { try terminal.say(line) }
        if largeJob.failed > 0 {
            try terminal.say()
            try terminal.say("  One bad user fails alone:")
            let failed = try await JobFollower(client: server.client, jobID: large.jobID).failedUsers(limit: 10)
            for line in JobTables.failures(failed).lines(width: terminal.outputWidth, style: style, indent: 2) {
                try terminal.say(line)
            }
        }
        guard small.failed == 0, largeJob.settled == users else { throw CommandFailure("the demo did not end as it should") }
        try await farewell(server, job: large.jobID)
    }

    /// Syncs a single user of another tenant while the large sync is running.
    private func overtake(
        _ server: ScratchServer, large: AcknowledgementDocument
    ) async throws -> (large: JobDocument, small: JobDocument) {
        let style = terminal.style
        try step("Meanwhile \(marlow.tenantName) syncs 1 user, and does not wait for the others")
        let clock = ContinuousClock()
        let sent = clock.now
        let answer = try await server.submit(
            marlow, json: marlow.request([marlow.user(4)], syncType: "single_user"), wait: 25)
        let took = clock.now - sent
        // The result has the members of an acknowledgement that are read here.
        let accepted = try answer.decoded(as: AcknowledgementDocument.self)
        let there = try await server.client.call(.job, id: large.jobID).decoded(as: JobDocument.self)
        let small = try await JobFollower(client: server.client, jobID: accepted.jobID, interval: .milliseconds(20)).follow { _ in
        }.job
        let other =
            there.hasEnded
            ? "\(halden.tenantName) was done by then"
            : "\(halden.tenantName) was at \(Format.percent(there.settled, of: there.totalUsers))"
        try terminal.say("  \(style.green("✔")) applied after \(Format.duration(took.inSeconds)); \(other)")

        var display = ProgressDisplay(terminal: terminal)
        let job = try await JobFollower(client: server.client, jobID: large.jobID, interval: .milliseconds(100)).follow { job in
            display.show(job.progressLine)
        }.job
        display.end()
        try step("\(halden.tenantName) is done")
        try terminal.say("  \(job.endLine(style: style))")
        return (job, small)
    }

    /// Sends a user as the platform's own code does, which waits for the result.
    private func callInVersionTwo(_ server: ScratchServer) async throws -> VersionTwoResultDocument {
        try step("\(orchard.tenantName) comes by the platform's own code: version 2, with a token, and the answer is the result")
        let answer = try await server.submit(
            versionTwo: orchard.requestInVersionTwo(1), organisation: orchard.tenantID)
        let result = try answer.decoded(as: VersionTwoResultDocument.self)
        try terminal.say(
            "  \(terminal.style.green("✔")) \(answer.status) \(result.message): \(result.data.summary.created) created")
        return result
    }

    /// Prints webhooks until one has arrived for each job, verified.
    private func printWebhooks(
        of jobs: [String], events: AsyncStream<WebhookReceiver.Event>, sink: AsyncStream<WebhookReceiver.Event>.Continuation
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // Ends the stream, and with it the loop below.
                try await Task.sleep(for: Demonstration.webhookPatience)
                sink.finish()
            }
            defer { group.cancelAll() }
            var open = Set(jobs)
            for await event in events {
                try terminal.say("  " + event.line(style: terminal.style))
                if let problem = event.problem { throw CommandFailure("a webhook is not signed correctly: \(problem)") }
                if let job = event.document?.result?.jobID { open.remove(job) }
                if open.isEmpty { return }
            }
            throw CommandFailure("\(Format.count(open.count, "webhook")) did not arrive")
        }
    }

    private func farewell(_ server: ScratchServer, job: String) async throws {
        guard isKept else {
            try step("Where to go from here")
            try terminal.say("  usersync demo --keep          the same, and the server stays up for you to explore")
            try terminal.say("  usersync serve --help         the settings of a real server")
            return
        }
        let url = server.client.target.url
        let header = "-H 'X-Internal-API-Key: \(server.key.value)'"
        try step("The server stays until you press Ctrl-C. Try:")
        for line in [
            "curl -s \(header) \(url)\(Endpoint.status.path)",
            "curl -s \(header) \(url)\(Endpoint.job.path(of: job))",
            "curl -s \(header) '\(url)\(Endpoint.results.path(of: job))?status=failed'",
            "curl -s \(header) '\(url)\(Endpoint.deliveries.path)?limit=5'",
            "INTERNAL_API_KEY=\(server.key.value) usersync status --watch --server \(url)",
            "sqlite3 \(server.directory)/crm.sqlite 'SELECT tenant_id, count(*) FROM users GROUP BY 1'",
        ] { try terminal.say("  \(line)") }
        try await Task.sleep(for: .seconds(86_400 * 365))
    }

    private func step(_ text: String) throws(OutputFailure) {
        try terminal.say()
        try terminal.say(terminal.style.bold("▸ \(text)"))
    }
}
