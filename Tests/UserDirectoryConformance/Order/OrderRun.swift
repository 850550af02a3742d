import SyncModel
import TestSupport
import Testing
import UserDirectory

/// Sends a case's requests to a directory: cut, padded, sorted and committed as it likes.
struct OrderRun {
    /// How a request is brought to the directory.
    struct Manner: Sendable {
        /// Users nobody shares anything with, among the others.
        var padding = 0
        var batchUsers = 100
        /// Users that are sorted by email together.
        var runUsers = 100_000
        /// Whether commits are closed at random.
        var closesEarly = false
        /// Whether the directory is told which ids the request carries, as it is unless the process was started anew.
        var tellsIDs = false

        static func random(_ random: inout SeededGenerator) -> Manner {
            let sizes = [1, 2, 3, 5, 100]
            return Manner(
                padding: [0, 3, 20, 120][Int(random.next() % 4)], batchUsers: sizes[Int(random.next() % 5)],
                runUsers: [1, 2, 4, 9, 100_000][Int(random.next() % 5)], closesEarly: random.next() % 2 == 0,
                tellsIDs: random.next() % 2 == 0)
        }
    }

    let it: any DirectoryFixture
    let manner: Manner
    var random: SeededGenerator
    private var job = 0

    init(_ it: any DirectoryFixture, _ manner: Manner, _ random: SeededGenerator) {
        (self.it, self.manner, self.random) = (it, manner, random)
    }

    /// Stores a case's rows.
    func store(_ rows: [PlainRules.Row], others: [String]) throws {
        func text(_ text: String?) -> String { text.map { "'\($0)'" } ?? "NULL" }
        for row in rows {
            try it.execute(
                """
                INSERT INTO users (id, tenant_id, wrapper_user_id, kinde_user_id, email, name, department, is_admin, sync_time)
                VALUES (\(row.key ?? 0), 't1', \(text(row.id)), \(text(row.kinde)), \(text(row.email)), \(text(row.name)),
                  \(text(row.department)), \(row.isAdmin), '\(Timestamp.at(Int64(row.time)).iso8601)')
                """)
        }
        for (at, email) in others.enumerated() {
            try it.execute(
                "INSERT INTO users (tenant_id, wrapper_user_id, email, name) VALUES ('t2', 'o\(at)', '\(email)', 'Other')")
        }
    }

    /// What the directory holds of the tenant but for padding. Rows of before the requests have their keys.
    func stored(_ keys: Set<Int>) throws -> Set<PlainRules.Row> {
        Set(
            try it.rows("users").compactMap { row in
                func text(_ column: String) -> String? { row[column] ?? nil }
                guard text("tenant_id") == "t1", let email = text("email"), !email.hasPrefix("pad") else { return nil }
                let key = text("id").flatMap { Int($0) }
                return PlainRules.Row(
                    key: key.flatMap { keys.contains($0) ? $0 : nil }, id: text("wrapper_user_id"), kinde: text("kinde_user_id"),
                    email: email, name: text("name") ?? "", department: text("department"), isAdmin: text("is_admin") == "1",
                    isActive: text("is_active") == "1",
                    time: Timestamp(iso8601: text("sync_time") ?? "").map { Int($0.seconds(since: .at(0))) } ?? 0)
            })
    }

    mutating func remove(_ id: String, at time: Int) async throws -> String {
        job += 1
        return try await it.outcomes(
            BatchWork(job: job, operation: .userRemoval, at: Int64(time), BatchPayload([TestUser.removal(id)])))[0]
    }

    /// - Returns: what became of each user, in their order.
    mutating func sync(_ users: [PlainRules.User], at time: Int) async throws -> [String] {
        job += 1
        let (sent, places) = padded(users)
        let (batches, carriedIDs) = cut(sent)
        if batches.count == 1, let only = batches.first {
            var work = BatchWork(job: job, at: Int64(time), only)
            work.isWholeJob = true
            return try await words([work], places).all
        }
        let work = batches.enumerated().map { number, payload in
            var work = BatchWork(job: job, number: number, at: Int64(time), payload)
            work.carriedIDs = manner.tellsIDs ? carriedIDs : nil
            return work
        }
        var (all, deferred) = try await words(work, places)
        var last: [BatchWork] = []
        var rest = sent.filter { deferred.contains($0.index) }
        while !rest.isEmpty {
            let portion = Array(rest.prefix(Int.random(in: 1...max(1, manner.batchUsers), using: &random)))
            rest.removeFirst(portion.count)
            last.append(
                BatchWork(job: job, number: batches.count + last.count, at: Int64(time), isLastPass: true, BatchPayload(portion)))
        }
        let settled = try await words(last, places)
        #expect(settled.deferred.isEmpty)
        for (at, word) in settled.all.enumerated() where word != "none" {
            #expect(all[at] == "none", "a user has one result")
            all[at] = word
        }
        if random.next() % 2 == 0 { try await it.directory.forget([.test(job)]) }
        return all
    }

    /// The users with others among them; where in the request each of them stands.
    private mutating func padded(_ users: [PlainRules.User]) -> (sent: [(index: UInt32, user: TestUser)], places: [UInt32]) {
        var order = users.indices.map { Optional($0) }
        for _ in 0..<manner.padding { order.insert(nil, at: Int.random(in: 0...order.count, using: &random)) }
        var places: [UInt32] = []
        let sent = order.enumerated().map { index, at in
            guard let at else {
                let name = "pad\(job)-\(random.next())"
                return (UInt32(index), TestUser(name, "\(name)@x.example"))
            }
            places.append(UInt32(index))
            return (UInt32(index), TestUser(users[at]))
        }
        return (sent, places)
    }

    /// As intake does it.
    private func cut(_ users: [(index: UInt32, user: TestUser)]) -> ([BatchPayload], CarriedIDs) {
        var cutter = BatchCutter(batchUsers: manner.batchUsers, runUsers: manner.runUsers, budget: RunBudget(blocks: 4))
        var batches: [BatchPayload] = []
        BatchPayload(users).forEachRaw { raw, record in
            cutter.add(raw, record)
            while let batch = cutter.nextBatch() { batches.append(batch.payload) }
        }
        cutter.close()
        while let batch = cutter.nextBatch() { batches.append(batch.payload) }
        return (batches, cutter.carriedIDs)
    }

    private mutating func words(
        _ batches: [BatchWork], _ places: [UInt32]
    ) async throws -> (all: [String], deferred: Set<UInt32>) {
        var words = [String](repeating: "none", count: places.count)
        let at = Dictionary(uniqueKeysWithValues: places.enumerated().map { ($1, $0) })
        var deferred: Set<UInt32> = []
        var (rest, calls) = (batches, 0)
        while !rest.isEmpty {
            calls += 1
            try #require(calls < 5_000, "it comes to no end")
            let early = manner.closesEarly && random.next() % 2 == 0
            let done = try await it.directory.apply(rest) { early }
            if manner.closesEarly, random.next() % 4 == 0 {
                let again = try await it.directory.apply(rest) { early }
                #expect(Array(again.prefix(done.count)) == done)
            }
            for user in done.flatMap(\.users) {
                if let at = at[user.index] { words[at] = user.isRelinked ? "relinked" : user.code?.word ?? user.outcome.word }
            }
            deferred.formUnion(done.flatMap(\.deferred))
            rest.removeFirst(done.count)
        }
        return (words, deferred)
    }
}

extension TestUser {
    init(_ user: PlainRules.User) {
        self.init(user.id, user.email, name: user.name)
        if let kinde = user.kinde { fields[.kindeUserID] = kinde.map { .text($0) } ?? .null }
        if let department = user.department { fields[.department] = department.map { .text($0) } ?? .null }
        if let isAdmin = user.isAdmin { fields[.isAdmin] = isAdmin.map { $0 ? .yes : .no } ?? .null }
        if let isActive = user.isActive { fields[.isActive] = isActive.map { $0 ? .yes : .no } ?? .null }
    }
}
