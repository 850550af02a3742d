import SyncAPI
import SyncClient
import SyncModel
import UsersyncApp

/// A real sync from the request to the row, on a separate server with a temporary database.
enum TrialSync {
    private static let userCount = 100

    static func run(into list: inout Checklist, start: ScratchServer.Start) async {
        let users = DemoUsers(tenantID: "usersync-check", tenantName: "usersync check", domain: "check.example")
        do {
            let jobs = try await ScratchServer.with(start: start) { server in
                // Twice: created, then found again unchanged.
                var jobs: [JobDocument] = []
                for _ in 0..<2 {
                    let json = users.request((1...userCount).map { users.user($0) }, syncType: "full")
                    let accepted = try await server.submit(users, json: json).decoded(as: AcknowledgementDocument.self)
                    jobs.append(
                        try await JobFollower(
                            client: server.client, jobID: accepted.jobID, interval: .milliseconds(20), patience: .seconds(5)
                        ).follow { _ in }.job)
                }
                return jobs
            }
            if jobs.map({ $0.counts.created }) == [userCount, 0], jobs.allSatisfy({ $0.state == .completed }) {
                list.ok(
                    .production,
                    "a trial sync of \(userCount) users on a temporary database created them, and a second one found them again")
            } else {
                list.failure(
                    .production,
                    "the trial sync did not end as it should: \(jobs.map(\.outcomeText).joined(separator: "; "))",
                    "run `usersync demo` and look at what it shows")
            }
        } catch {
            list.failure(
                .production, "the trial sync on a temporary database failed: \(error)",
                "run `usersync demo` and look at what it shows")
        }
    }
}
