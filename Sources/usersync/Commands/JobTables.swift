import SyncModel
import TerminalUI

/// Jobs and users as tables and lines.
enum JobTables {
    static func jobs(_ jobs: [JobDocument]) -> Table {
        var table = Table([
            ("Job", .left), ("State", .left), ("Tenant", .left), ("Users", .right), ("Done", .right), ("Failed", .right),
            ("Accepted (UTC)", .left), ("Source", .left),
        ])
        for job in jobs {
            table.add([
                job.jobId, job.stateWords, job.tenant.id, Format.count(job.totalUsers),
                Format.percent(job.settled, of: job.totalUsers), job.failed > 0 ? Format.count(job.failed) : "",
                job.acceptedAt.map(Format.moment) ?? "", job.source ?? "",
            ])
        }
        return table
    }

    static func failures(_ results: [ResultDocument]) -> Table {
        var table = Table([("Index", .right), ("Id", .left), ("Email", .left), ("Code", .left), ("Why", .left)])
        for result in results {
            table.add([
                result.index.map { Format.count($0) } ?? "", result.userId ?? "", result.email ?? "", result.code ?? "",
                result.error ?? "",
            ])
        }
        return table
    }

    static func deliveries(_ deliveries: [DeliveryDocument]) -> Table {
        var table = Table([
            ("Delivery", .left), ("State", .left), ("Type", .left), ("Attempts", .right), ("Job", .left),
            ("Created (UTC)", .left),
            ("Last answer", .left),
        ])
        for delivery in deliveries {
            let answer = [delivery.lastStatus.map(String.init), delivery.lastError].compactMap { $0 }.joined(separator: " ")
            table.add([
                delivery.id, delivery.state, delivery.type ?? "", delivery.attempts.map(String.init) ?? "", delivery.jobId ?? "",
                delivery.createdAt.map(Format.moment) ?? "", answer,
            ])
        }
        return table
    }
}

extension JobDocument {
    /// The state in words for people.
    var stateWords: String {
        if cancelRequested, !hasEnded { return "cancelling" }
        return status.replacing("_", with: " ")
    }

    var progressLine: ProgressLine {
        ProgressLine(
            title: state == .queued ? "Queued" : "Syncing", done: settled, total: totalUsers, rate: 0, unit: .things("users"),
            remark: failed > 0 ? "\(Format.count(failed)) failed" : "")
    }

    /// `✔ Synced 5 of 5 users in 0.3 s: 4 created, 1 updated`
    func endLine(style: Style) -> String {
        let mark =
            switch state {
            case .completed: style.green("✔")
            case .completedWithErrors: style.yellow("!")
            default: style.red("✘")
            }
        var line = "\(mark) \(Table.oneLine(message ?? "Job \(jobId): \(stateWords)"))"
        if let seconds {
            line += " in \(Format.duration(seconds))"
            if settled >= 1000, seconds > 0 { line += " (\(Format.rate(Double(settled) / seconds, "users")))" }
        }
        if !outcomeText.isEmpty { line += ": \(outcomeText)" }
        if let error { line += "\n  \(Table.oneLine(error))" }
        return line
    }
}
