import SyncModel
import TestSupport
import Testing
import UserDirectory

@Suite("Whatever comes, a driver does what the plain rules do")
struct ModelTests {
    private func user(_ index: UInt32, _ random: inout SeededGenerator) -> DirectoryModel.User {
        func one<Value>(_ values: [Value]) -> Value { values[Int(random.next() % UInt64(values.count))] }
        return DirectoryModel.User(
            index: index, id: one(["a", "b", "c", "d", "e", nil]),
            email: one(["p", "P", "q", "r", "s", "T", "t"]) + "@x.example",
            name: one(["One", "Two"]), department: one([.none, .some(nil), "Sales"]),
            isActive: one([.none, .some(nil), true, false]))
    }

    private func sent(_ user: DirectoryModel.User) -> TestUser {
        var sent = TestUser(user.id, user.email, name: user.name)
        if let department = user.department { sent.fields[.department] = department.map { .text($0) } ?? .null }
        if let isActive = user.isActive { sent.fields[.isActive] = isActive.map { $0 ? .yes : .no } ?? .null }
        return sent
    }

    @Test("random jobs of two tenants, in random batches", arguments: DirectoryDriver.all, Property.seeds(fresh: 60))
    func random(driver: DirectoryDriver, seed: UInt64) async {
        await Property.holds(seed: seed, steps: 12) { jobs in try await random(driver, seed, jobs: jobs) }
    }

    private func random(_ driver: DirectoryDriver, _ seed: UInt64, jobs: Int) async throws {
        var random = SeededGenerator(seed: seed)
        let scope: EmailScope = seed.isMultiple(of: 2) ? .global : .tenant
        let it = try await driver.make(scope)
        var model = DirectoryModel(scope: scope)
        for job in 1...jobs {
            let tenant: TenantID = random.next() % 3 == 0 ? "t2" : "t1"
            let time = Int64(job / 3) - (random.next() % 5 == 0 ? 2 : 0)
            if random.next() % 6 == 0 {
                let id = ["a", "b", "c", "z"][Int(random.next() % 4)]
                let outcome = try await it.outcomes(
                    BatchWork(job: job, tenant: tenant, operation: .userRemoval, at: time, BatchPayload([TestUser.removal(id)])))
                #expect(outcome == [model.remove(id, tenant: tenant, at: time)], "job \(job)")
                continue
            }
            let users = (0..<UInt32(random.next() % 12 + 1)).map { user($0, &random) }
            var batches: [BatchWork] = []
            var start = 0
            while start < users.count {
                let end = min(users.count, start + Int(random.next() % 4) + 1)
                batches.append(
                    BatchWork(
                        job: job, number: batches.count, tenant: tenant, at: time,
                        BatchPayload(users[start..<end].map { ($0.index, sent($0)) })))
                start = end
            }
            var got = try await words(batches, it, &random)
            var expected: [UInt32: String] = [:]
            for user in users { expected[user.index] = model.sync(user, job: job, tenant: tenant, at: time, isLastPass: false) }
            #expect(got == expected, "job \(job)")

            let waiting = users.filter { got[$0.index] == "deferred" }
            let middle = waiting.count / 2
            let last = [waiting.prefix(middle), waiting.suffix(waiting.count - middle)].filter { !$0.isEmpty }.enumerated().map {
                BatchWork(
                    job: job, number: 100 + $0, tenant: tenant, at: time, isLastPass: true,
                    BatchPayload($1.map { ($0.index, sent($0)) }))
            }
            got = try await words(last, it, &random)
            expected = [:]
            for user in waiting { expected[user.index] = model.sync(user, job: job, tenant: tenant, at: time, isLastPass: true) }
            #expect(got == expected, "job \(job), last pass")
            let rows = try stored(it)
            try #require(rows == model.rows, "job \(job)")
            if random.next() % 2 == 0 { try await it.directory.forget([.test(job)]) }
        }
    }

    /// Applies batches, some of them twice, and returns what became of each user.
    private func words(
        _ batches: [BatchWork], _ it: any DirectoryFixture, _ random: inout SeededGenerator
    ) async throws -> [UInt32: String] {
        var words: [UInt32: String] = [:]
        var rest = batches
        while !rest.isEmpty {
            let early = random.next() % 2 == 0
            let done = try await it.directory.apply(rest) { early }
            if random.next() % 3 == 0 { #expect(try await it.directory.apply(rest) { early } == done) }
            for batch in done {
                for user in batch.users { words[user.index] = user.code?.word ?? user.outcome.word }
                for index in batch.deferred { words[index] = "deferred" }
            }
            rest.removeFirst(done.count)
        }
        return words
    }

    private func stored(_ it: any DirectoryFixture) throws -> [DirectoryModel.Row] {
        try it.rows("users").map { row in
            func text(_ column: String) -> String? { row[column] ?? nil }
            return DirectoryModel.Row(
                tenant: TenantID(text("tenant_id") ?? ""), wrapperID: text("wrapper_user_id"),
                email: text("email") ?? "", name: text("name") ?? "", department: text("department"),
                isActive: text("is_active") == "1",
                syncTime: (Timestamp(iso8601: text("sync_time") ?? "").map { Int64($0.seconds(since: .at(0))) }) ?? 0)
        }
    }
}
