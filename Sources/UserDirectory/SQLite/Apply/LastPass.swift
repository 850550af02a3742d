import GRDBSQLite
import SyncModel

/// The last pass of a job: settles those who wait, whatever the order in which their batches come.
///
/// A waiting user comes after those before it that share its email or id, and after the user whose row has its address, if that one
/// asks for another. So it is followed from the user whose turn it is to one who comes after nobody, and back. Where the way leads
/// round, addresses are handed round at once; if sharers stand in between, the one they come after cannot have its address.
struct LastPass {
    let applier: UserApplier

    private var waiting: WaitingUsers { applier.waiting }
    private var batch: BatchContext { applier.batch }

    /// One on the way, and how it comes after the next.
    private struct Step {
        var index: UInt32
        var isSharer = false
    }

    /// The result of a user whose batch's turn it is.
    /// - Parameter raw: the record with its length.
    func settle(_ raw: UnsafeRawBufferPointer, _ record: UserRecord) throws(SQLiteFailure) -> AppliedUser {
        applier.isFinal = true
        if let entry = try waiting.find(record.index, in: batch) {
            if entry.state != .open, let user = Self.decoded(entry.result) { return user }
        } else {
            // Made to wait by a version that kept its users elsewhere.
            applier.load(record)
            try waiting.add(applier.fields, raw, as: .open, in: batch)
            applier.batch.hasWaiting = true
        }
        var way = [Step(index: record.index)]
        var places: [UInt32: Int] = [record.index: 0]
        while true {
            let step = way[way.count - 1]
            if step.index == record.index { applier.load(record) } else { try applier.load(step.index) }
            let verdict = try applier.guarded { () throws(SQLiteFailure) -> UserApplier.Verdict in
                if let sharer = try waiting.sharer(before: applier.fields, in: batch) {
                    return .comesAfter(sharer, isSharer: true)
                }
                return try applier.meet()
            }
            guard case .comesAfter(let next, let isSharer) = verdict else {
                let user = applier.result(of: verdict)
                try note(user, isOwnTurn: step.index == record.index)
                if step.index == record.index { return user }
                places[step.index] = nil
                way.removeLast()
                continue
            }
            way[way.count - 1].isSharer = isSharer
            if let first = places[next] {
                let circle = Array(way[first...])
                if let own = try leave(circle, own: record.index) { return own }
                for step in circle { places[step.index] = nil }
                way.removeLast(circle.count)
                if way.isEmpty {
                    way = [Step(index: record.index)]
                    places = [record.index: 0]
                }
            } else {
                places[next] = way.count
                way.append(Step(index: next))
            }
        }
    }

    /// Settles some or all of those who wait for each other.
    /// - Returns: the result of the user whose turn it is, if that is among them.
    private func leave(_ circle: [Step], own: UInt32) throws(SQLiteFailure) -> AppliedUser? {
        guard circle.contains(where: \.isSharer) else { return try handRound(circle.map(\.index), own: own) }
        var result: AppliedUser?
        for (at, step) in circle.enumerated() {
            let before = circle[(at + circle.count - 1) % circle.count]
            guard !step.isSharer, before.isSharer else { continue }
            try applier.load(step.index)
            _ = try applier.lookAtOwnRow()
            let user = AppliedUser(index: step.index, outcome: .failed, code: .identityConflict, crmUserID: applier.met)
            try note(user, isOwnTurn: step.index == own)
            if step.index == own { result = user }
        }
        return result
    }

    /// Each of them gets the address that the next one's row has.
    private func handRound(_ users: [UInt32], own: UInt32) throws(SQLiteFailure) -> AppliedUser? {
        var results: [AppliedUser] = []
        let verdict = try applier.guarded { () throws(SQLiteFailure) -> UserApplier.Verdict in
            results = []
            // The first gives its address up before it gets what it asks for; then each finds its own free.
            try applier.load(users[0])
            guard let row = try applier.lookAtOwnRow() else { throw SQLiteFailure.conflict }
            try applier.move(row, to: "usersync-\(batch.jobID)-\(users[0])@moving.invalid")
            for index in users.reversed() {
                try applier.load(index)
                let verdict = try applier.meet()
                // Undone with the others': an email that several rows have, say.
                guard case .applied = verdict else { throw SQLiteFailure.conflict }
                results.append(applier.result(of: verdict))
            }
            return .deferred
        }
        guard case .deferred = verdict else {
            // One of them was refused; the others find that out when they are asked again.
            let user = applier.result(of: verdict)
            try note(user, isOwnTurn: user.index == own)
            return user.index == own ? user : nil
        }
        var result: AppliedUser?
        for user in results {
            try applier.load(user.index)
            try note(user, isOwnTurn: user.index == own)
            if user.index == own { result = user }
        }
        return result
    }

    /// Keeps what became of the present user.
    private func note(_ user: AppliedUser, isOwnTurn: Bool) throws(SQLiteFailure) {
        let keeps = applier.keepsAddress
        if keeps {
            applier.batch.hasKeeping = true
        } else if batch.hasKeeping, let id = applier.fields[.id] {
            try waiting.noLongerKeeps(id, in: batch)
        }
        try waiting.settle(
            user.index, result: isOwnTurn ? nil : LedgerResults.encode([user], deferred: []), keeps: keeps, in: batch)
    }

    private static func decoded(_ bytes: [UInt8]) -> AppliedUser? {
        bytes.withUnsafeBytes { LedgerResults.decode($0) }?.users.first
    }
}
