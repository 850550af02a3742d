import SyncAPI
import SyncClient
import SyncModel
import TerminalUI

/// The status, for someone who was paged at night.
struct StatusScreen {
    let status: StatusDocument
    let server: String
    let now: Timestamp
    /// What the server's answer has and this version cannot read.
    let unread: [String]

    init(status: StatusDocument, server: String, now: Timestamp, unread: [String] = []) {
        self.status = status
        self.server = server
        self.now = now
        self.unread = unread
    }

    /// - Throws: `ClientFailure` if the answer is not a JSON object.
    init(answer: SyncClient.Answer, server: String, now: Timestamp) throws(ClientFailure) {
        let (status, unread) = try answer.reading(as: StatusDocument.self)
        // Every version has it: an answer without it is not a status, and says nothing about the server's health.
        let lacksJobs = status.jobs.counts.isEmpty && !unread.contains { $0.hasPrefix("jobs") }
        self.init(status: status, server: server, now: now, unread: unread + (lacksJobs ? ["jobs is missing"] : []))
    }

    /// Something that does not resolve by itself, or has not yet.
    struct Attention: Equatable {
        /// True if it needs action; false if it may pass.
        let isGrave: Bool
        /// What is stuck, and since when.
        let what: String
        /// What to do.
        let press: String
    }

    /// The most serious first.
    var attentions: [Attention] {
        var all: [Attention] = []
        if let directory = status.directory, directory.isInTrouble {
            let since = directory.since.map { " since \(Format.moment($0.iso8601)) UTC\(age(of: $0))" } ?? ""
            let why = directory.error.map { ": \($0)" } ?? ""
            all.append(
                Attention(
                    isGrave: true, what: "The CRM's database cannot be written\(since)\(why)",
                    press: "Fix the database. Nothing is lost and no attempt is used up: work resumes by itself"))
        }
        if let free = status.queue?.freeDiskBytes, free < 2_000_000_000 {
            all.append(
                Attention(
                    isGrave: true,
                    what: "The queue's disk has \(Format.bytes(Int(free))) left; below MIN_FREE_DISK_BYTES syncs are refused",
                    press: "Make room on the disk of DATA_DIR"))
        }
        if let dead = status.webhooks?.dead, dead > 0 {
            let why = status.webhooks?.lastError.map { ", the last error: \($0)" } ?? ""
            all.append(
                Attention(
                    isGrave: true, what: "\(Format.count(dead, "webhook")) \(dead == 1 ? "was" : "were") given up\(why)",
                    press: "usersync deliveries list --state dead, then usersync deliveries redeliver --dead"))
        }
        if let first = status.retrying.first {
            let next = first.nextAttemptAt.map { $0.seconds(since: now) }
            let when = next.map { ", the next in \(Format.duration(max(0, $0)))" } ?? ""
            all.append(
                Attention(
                    isGrave: false,
                    what:
                        "\(Format.count(status.retrying.count, "batch", "batches")) wait\(status.retrying.count == 1 ? "s" : "") for another attempt\(when)"
                        + (first.lastError.map { ": \($0)" } ?? ""),
                    press: "usersync jobs show \(first.jobID)"))
        }
        if let merge = status.merges.first {
            let since = merge.since.map { " since \(Format.moment($0.iso8601)) UTC\(age(of: $0))" } ?? ""
            let state = merge.openJobs > 0 ? "waits for \(Format.count(merge.openJobs, "open job"))" : "is \(merge.state)"
            all.append(
                Attention(
                    isGrave: false,
                    what:
                        "The merge of \(merge.alias) into \(merge.tenantID) \(state)\(since); \(Format.count(merge.heldJobs, "job")) wait for it",
                    press: merge.state == "draining"
                        ? "Wait, or take it back: usersync tenants merges cancel \(merge.id)" : "usersync tenants merges list"))
        }
        if let pending = status.webhooks?.pending, pending > 0, let oldest = status.webhooks?.oldestAgeSeconds, oldest > 300 {
            all.append(
                Attention(
                    isGrave: false,
                    what: "\(Format.count(pending, "webhook")) not acknowledged yet, the oldest for \(Format.duration(oldest))"
                        + (held.map { "; \($0)" } ?? ""),
                    press: "usersync deliveries list --state pending"))
        }
        if let age = status.oldestPendingAgeSeconds, age > 300, status.pendingUsers > 0,
            (status.usersPerSecond?.oneMinute ?? 1) == 0, status.directory?.isInTrouble != true
        {
            all.append(
                Attention(
                    isGrave: true,
                    what: "Users have been waiting for \(Format.duration(age)), and none was applied in the last minute",
                    press: "Look at the server's log, then restart it: nothing accepted is lost"))
        }
        if !unread.isEmpty {
            all.append(
                Attention(
                    isGrave: false, what: unreadSentence,
                    press: "Is it a usersync server, and of this version (usersync --version)? Look at its metrics and its log"))
        }
        if status.draining {
            all.append(
                Attention(isGrave: false, what: "The server is stopping and accepts nothing new", press: "Wait until it is back"))
        }
        return all
    }

    func lines(width: Int, style: Style) -> [TerminalText] {
        let attentions = attentions
        let verdict =
            attentions.isEmpty
            ? style.green("✔ all is well")
            : attentions.contains(where: \.isGrave) ? style.red("✘ needs attention") : style.yellow("! worth a look")
        var lines: [TerminalText] = [
            "\(verdict)   \(style.bold("usersync")) at \(server)   \(style.dim("\(Format.moment(now.iso8601)) UTC"))", "",
        ]
        for attention in attentions {
            lines.append("\(attention.isGrave ? style.red("✘") : style.yellow("!")) \(attention.what)")
            lines.append("  \(style.dim("→")) \(attention.press)")
        }
        if !attentions.isEmpty { lines.append("") }
        for (title, value) in figures where !value.isEmpty {
            lines.append("  \(style.dim("\(title.padded(to: 10))")) \(value)")
        }
        if !status.tenants.isEmpty {
            var table = Table([("Tenant", .left), ("Waiting", .right), ("Open jobs", .right), ("Working on", .left)])
            for tenant in status.tenants {
                table.add([
                    tenant.tenantID, Format.count(tenant.pendingUsers), Format.count(tenant.openJobs),
                    tenant.currentJobID ?? "-",
                ])
            }
            lines.append("")
            lines += table.lines(width: width, style: style, indent: 2)
        }
        return lines
    }

    /// What is not known of the server's health.
    var unreadSentence: String {
        "\(Format.count(unread.count, "part")) of the server's answer cannot be read: \(UnreadParts.sentence(unread))"
    }

    /// Receivers that asked to wait.
    private var held: String? {
        guard let webhooks = status.webhooks, webhooks.heldDestinations > 0 else { return nil }
        let until = webhooks.heldUntil.map { ", the longest until \($0.iso8601)" } ?? ""
        return "\(Format.count(webhooks.heldDestinations, "receiver")) asked us to wait\(until)"
    }

    private var figures: [(String, String)] {
        let jobs = JobState.allCases.compactMap { state -> String? in
            let count = status.jobs.counts[state, default: 0]
            return count > 0 ? "\(Format.count(count)) \(state.rawValue.replacing("_", with: " "))" : nil
        }
        let pending = status.pendingUsers
        let oldest = pending > 0 ? status.oldestPendingAgeSeconds.map { ", the oldest for \(Format.duration($0))" } ?? "" : ""
        let speed = status.usersPerSecond.map {
            "\(Format.rate($0.oneMinute, "users")) over 1 min, \(Format.rate($0.fiveMinutes, "users")) over 5 min"
        }
        let workers = status.workers.map { "\($0.active) of \($0.active.saturatingAdd($0.idle)) at work" }
        let webhooks = status.webhooks.map { "\(Format.count($0.pending)) pending, \(Format.count($0.dead)) dead" }
        let queue = status.queue.map { queue in
            [
                Format.bytes(Int(queue.bytes)), queue.walBytes.map { "log \(Format.bytes(Int($0)))" },
                queue.freeDiskBytes.map { "\(Format.bytes(Int($0))) free on disk" },
            ].compactMap(\.self).joined(separator: ", ")
        }
        return [
            ("Jobs", jobs.isEmpty ? "none" : jobs.joined(separator: " · ")),
            ("Waiting", pending == 0 ? "nothing" : Format.count(pending, "user") + oldest),
            ("Speed", speed ?? ""),
            ("Workers", workers ?? ""),
            ("CRM", status.directory?.state ?? ""),
            ("Webhooks", webhooks ?? ""),
            ("Queue", queue ?? ""),
        ]
    }

    /// ` (38 min ago)`
    private func age(of moment: Timestamp) -> String {
        " (\(Format.duration(max(0, now.seconds(since: moment)))) ago)"
    }
}

extension DirectoryDocument {
    /// Whether there is an error, or a state other than a healthy one.
    var isInTrouble: Bool { error != nil || state != DirectoryHealth.State.ok.rawValue }
}
