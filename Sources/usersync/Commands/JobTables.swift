import SyncAPI
import SyncClient
import SyncModel
import TerminalUI

/// Jobs and users as tables and lines.
enum JobTables {
    static func jobs(_ jobs: [JobSummaryDocument]) -> Table {
        var table = Table([
            ("Job", .left), ("State", .left), ("Tenant", .left), ("Users", .right), ("Done", .right), ("Failed", .right),
            ("Accepted (UTC)", .left), ("Source", .text),
        ])
        for job in jobs {
            table.add([
                job.jobID, job.stateWords, job.tenant.id, Format.count(job.counts.totalUsers),
                Format.percent(job.counts.byOutcome.settled, of: job.counts.totalUsers),
                job.counts.byOutcome.failed > 0 ? Format.count(job.counts.byOutcome.failed) : "",
                job.acceptedAt.map { Format.moment($0.iso8601) } ?? "", job.source,
            ])
        }
        return table
    }

    static func failures(_ results: [UserResultDocument]) -> Table {
        var table = Table([("Index", .right), ("Id", .left), ("Email", .left), ("Code", .left), ("Why", .text)])
        for result in results {
            table.add([
                Format.count(result.index), result.userID ?? "", result.email ?? "", result.code ?? "",
                result.error ?? "",
            ])
        }
        return table
    }

    static func deliveries(_ deliveries: [DeliveryDocument]) -> Table {
        var table = Table([
            ("Delivery", .left), ("State", .left), ("Type", .left), ("Attempts", .right), ("Job", .left),
            ("Created (UTC)", .left),
            ("Last answer", .text),
        ])
        for delivery in deliveries {
            let answer = [delivery.lastStatus.map(String.init), delivery.lastError].compactMap { $0 }.joined(separator: " ")
            table.add([
                delivery.id, delivery.state, delivery.type, String(delivery.attempts), delivery.jobID ?? "",
                delivery.createdAt.map { Format.moment($0.iso8601) } ?? "", answer,
            ])
        }
        return table
    }
}

extension ShownJob {
    /// The state in words for people.
    var stateWords: String {
        if cancelRequested, !hasEnded { return "cancelling" }
        return status.replacing("_", with: " ")
    }
}

extension JobDocument {
    var counts: JobCounts { result.metadata.counts.byOutcome }
    var totalUsers: Int { result.metadata.counts.totalUsers }
    var failed: Int { counts.failed }
    /// Users that are done with, in whatever way.
    var settled: Int { counts.settled }

    /// `3 created, 1 failed`.
    var outcomeText: String {
        (UserOutcome.allCases.map { (counts[$0], $0.word) } + [(counts.cancelled, "cancelled")])
            .compactMap { count, word in count > 0 ? "\(Format.count(count)) \(word)" : nil }
            .joined(separator: ", ")
    }

    /// Seconds from acceptance, or from the start if that is not shown, to the end.
    var seconds: Double? {
        if let milliseconds = result.metadata.durationMilliseconds { return Double(milliseconds) / 1000 }
        guard let from = result.metadata.acceptedAt ?? startedAt, let endedAt else { return nil }
        return endedAt.seconds(since: from)
    }

    var progressLine: ProgressLine {
        ProgressLine(
            title: state == .queued ? "Queued" : "Syncing", done: settled, total: totalUsers, rate: 0, unit: .things("users"),
            remark: failed > 0 ? "\(Format.count(failed)) failed" : "")
    }

    /// `✔ Synced 5 of 5 users in 0.3 s: 4 created, 1 updated`
    func endLine(style: Style) -> TerminalText {
        let mark =
            switch state {
            case .completed: style.green("✔")
            case .completedWithErrors: style.yellow("!")
            default: style.red("✘")
            }
        let message = result.message.isEmpty ? "Job \(result.jobID): \(stateWords)" : result.message
        var line: TerminalText = "\(mark) \(message)"
        if let seconds {
            line += " in \(Format.duration(seconds))"
            if settled >= 1000, seconds > 0 { line += " (\(Format.rate(Double(settled) / seconds, "users")))" }
        }
        if !outcomeText.isEmpty { line += ": \(outcomeText)" }
        if let error = result.error { line += "\n  \(error)" }
        return line
    }
}
