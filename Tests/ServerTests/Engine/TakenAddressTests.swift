import Foundation
import ServerTestSupport
import SyncEngine
import SyncModel
import TestSupport
import Testing

import UsersyncApp

@Suite("Many tenants whose jobs need a last pass")
struct TakenAddressTests {
    @Test("small jobs back to back, in each of which a user asks for another's address: all of them end", arguments: [2, 4])
    func allEnd(workers: Int) async throws {
        try await TestServer.run(["WORKERS": "\(workers)", "BATCH_SIZE": "50"]) { server in
            let tenants = (0..<80).map { "tenant\($0)" }
            // Users 1 and 2 are there; then, in each job, user 1 asks for the address that user 2 has.
            let ids = try await withThrowingTaskGroup(of: [String].self) { group in
                for tenant in tenants {
                    group.addTask {
                        var ids = [
                            try await server.submitted(
                                [Bodies.user("1", "a@\(tenant).io"), Bodies.user("2", "b@\(tenant).io")], tenant: tenant)
                        ]
                        for number in 0..<6 {
                            let asking = Bodies.user("1", "b@\(tenant).io", name: "One \(number)")
                            // A job of one batch may need no pass of its own for it; one of two does.
                            let others = number % 3 == 2 ? Bodies.users(50, prefix: tenant) : []
                            ids.append(try await server.submitted([asking] + others, tenant: tenant))
                        }
                        return ids
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            let engine = server.app.assembly.engine
            var open: [String] = []
            for id in ids {
                let jobID = try #require(JobID(id))
                if await engine.ended(jobID, within: open.isEmpty ? 60 : 0.1) == nil { open.append(id) }
            }
            #expect(open.isEmpty, "\(open.count) of \(ids.count) jobs have not ended")
            let status = try await server.status()
            #expect(status.pendingUsers.int == 0 && status.tenants == .array([]))
        }
    }
}
