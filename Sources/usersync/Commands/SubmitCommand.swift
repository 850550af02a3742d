import ArgumentParser
import Foundation
import NIOHTTP1
import SyncAPI
import SyncClient
import SyncModel
import TerminalUI

/// `usersync submit`
struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Send a sync to a server.",
        discussion: """
            EXAMPLES
              usersync submit sync.json --follow
              usersync submit users.csv --tenant acme --tenant-name "Acme Ltd" --follow
              export.sh | usersync submit - --format ndjson --tenant acme

            FILE is the guide's request (JSON, sent as is), or only users: NDJSON (one JSON object per line) or CSV (a header
            row with the guide's field names; lists as JSON or separated by semicolons); UTF-8, as it is or as gzip. It is streamed:
            its size does not matter.
            Exit status 1 if users failed, or the job failed or was cancelled.
            """)

    @Argument(help: ArgumentHelp("The file; - for standard input.", valueName: "file"))
    var file: String

    @Option(
        help:
            "The format of FILE: \(UserFileFormat.allCases.map(\.rawValue).joined(separator: ", ")); by default told by its content and its name."
    )
    var format: UserFileFormat?

    @Option(help: ArgumentHelp("The tenant of NDJSON and CSV users.", valueName: "id"))
    var tenant: String?

    @Option(help: ArgumentHelp("The tenant's name; its id by default.", valueName: "name"))
    var tenantName: String?

    @Option(help: ArgumentHelp("The X-Sync-Source header.", valueName: "name"))
    var source = "usersync-cli"

    @Option(
        help: ArgumentHelp("The Idempotency-Key header: sending again with the same key creates no second job.", valueName: "key")
    )
    var idempotencyKey: String?

    @Flag(help: "Compress the body with gzip.")
    var gzip = false

    @Flag(help: "Watch the job until it has ended.")
    var follow = false

    @Flag(help: "Print the server's answer: the acknowledgement, or with --follow the job's result.")
    var json = false

    @OptionGroup var server: ServerOptions

    /// The most failed users listed one by one.
    private static let shownFailures = 50

    func validate() throws {
        if format == .json, tenantName != nil {
            throw ValidationError("--tenant-name is for NDJSON and CSV: a request names its tenant")
        }
        if let format, format != .json, tenant == nil { throw ValidationError("\(Upload.TenantMissing(format: format))") }
        if let idempotencyKey,
            !(1...TextLimits.idempotencyKey).contains(idempotencyKey.utf8.count)
                || !idempotencyKey.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        {
            throw ValidationError("--idempotency-key must have 1 to \(TextLimits.idempotencyKey) visible ASCII characters")
        }
        for (name, value) in [("--source", source), ("--tenant", tenant)] { try OptionText.check(header: name, value) }
        if let tenantName {
            try OptionText.check("--tenant-name", tenantName.contains { !$0.isWhitespace } ? tenantName : "")
        }
    }

    func run() async throws {
        let terminal = Terminal.standard
        let input = try InputFile(path: file)
        var upload: Upload
        do {
            upload = try await Upload.prepare(
                file: input, path: file, format: format, tenant: tenant.map(OptionText.inHeader), tenantName: tenantName,
                compress: gzip)
        } catch let error as Upload.TenantMissing {
            throw CommandFailure("\(file): \(error)", status: CommandFailure.badUsage)
        }
        if upload.format == .json, tenantName != nil {
            throw CommandFailure(
                "--tenant-name has no effect: \(file) is a request (JSON), which names its tenant",
                status: CommandFailure.badUsage)
        }
        for remark in upload.remarks { terminal.warn("\(remark)") }
        upload.source = OptionText.inHeader(source)
        upload.idempotencyKey = idempotencyKey
        let prepared = upload
        try await server.withClient { client in
            let answer = try await Self.send(prepared, with: client, terminal: terminal)
            let accepted = try answer.shown(as: AcknowledgementDocument.self, on: terminal)
            let isReplay = answer.headers.first(name: "Idempotent-Replayed") == "true"
            terminal.note(
                "\(terminal.errorStyle.green("✔")) \(accepted.message), job \(accepted.jobID)"
                    + (isReplay ? " (already accepted under this idempotency key)" : ""))
            for warning in accepted.warnings { terminal.warn("\(warning)") }
            guard follow else {
                if json { try terminal.say(json: answer.json(of: AcknowledgementDocument.self)) }
                if !json { terminal.note(terminal.errorStyle.dim("  usersync jobs show \(accepted.jobID)")) }
                return
            }
            let follower = JobFollower(client: client, jobID: accepted.jobID)
            let (job, last) = try await Self.watch(follower, terminal: terminal)
            if json { try terminal.say(json: last.json(of: JobDocument.self)) }
            try await Self.sum(up: job, follower, terminal: terminal)
            if job.state != .completed { throw ExitCode(1) }
        }
    }

    /// Sends the file and shows the progress; then says what was left out of it, refused or not.
    static func send(_ upload: Upload, with client: SyncClient, terminal: Terminal) async throws -> SyncClient.Answer {
        let result: Result<SyncClient.Answer, any Error>
        do { result = .success(try await sendShowingProgress(upload, with: client, terminal: terminal)) } catch {
            result = .failure(error)
        }
        for remark in upload.meter.remarks { terminal.warn("\(remark)") }
        return try result.get()
    }

    private static func sendShowingProgress(
        _ upload: Upload, with client: SyncClient, terminal: Terminal
    ) async throws -> SyncClient.Answer {
        let meter = upload.meter
        let total = upload.fileSize
        return try await withThrowingTaskGroup(of: SyncClient.Answer?.self) { group in
            group.addTask { try await upload.send(with: client) }
            group.addTask {
                var display = ProgressDisplay(terminal: terminal)
                defer { display.end(keeping: false) }
                while true {
                    // A small file needs no progress bar.
                    do { try await Task.sleep(for: .milliseconds(200)) } catch { return nil }
                    display.show(ProgressLine(title: "Sending", done: meter.bytes, total: total, rate: 0, unit: .bytes))
                }
            }
            defer { group.cancelAll() }
            for try await answer in group {
                guard let answer else { continue }
                group.cancelAll()
                // The progress line must be gone before anything else is printed.
                try await group.waitForAll()
                return answer
            }
            throw CancellationError()
        }
    }

    /// Follows the job and shows the progress.
    static func watch(_ follower: JobFollower, terminal: Terminal) async throws -> (job: JobDocument, answer: SyncClient.Answer) {
        var display = ProgressDisplay(terminal: terminal)
        defer { display.end() }
        let (_, answer) = try await follower.follow { job in
            display.show(job.progressLine)
        }
        display.end()
        return (try answer.shown(as: JobDocument.self, on: terminal), answer)
    }

    /// Prints how the job ended and which users failed.
    static func sum(up job: JobDocument, _ follower: JobFollower, terminal: Terminal) async throws {
        let style = terminal.errorStyle
        terminal.note(job.endLine(style: style))
        guard job.failed > 0 else { return }
        let failed = try await follower.failedUsers(limit: shownFailures)
        terminal.note()
        for line in JobTables.failures(failed).lines(width: terminal.errorWidth, style: style, indent: 2) { terminal.note(line) }
        if job.failed > failed.count {
            terminal.note(
                "  and \(Format.count(job.failed - failed.count)) more: usersync jobs show \(job.result.jobID) --failed")
        }
        terminal.note()
        terminal.note("  Once the cause is fixed: usersync jobs retry \(job.result.jobID)")
    }
}
