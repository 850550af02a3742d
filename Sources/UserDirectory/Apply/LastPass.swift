import SyncModel

/// The last pass of a job: settles the users that wait, whatever the order in which their batches come.
///
/// A waiting user comes after others for one of the reasons in `LastPassWay.Cause`. So the chain is followed from the user whose
/// turn it is to one that comes after no other, and back. If the chain closes into a circle, its addresses are exchanged at once;
/// if other reasons are among them, the users they lead to cannot have their address.
///
/// A chain may be as long as the job. Between two steps the transaction may be committed; the next one continues from there.
struct LastPass {
    let applier: UserApplier
    let ways: LastPassWays
    /// `nil`: the batch is its whole job, and its last pass ends within its transaction.
    let allowance: LastPassAllowance?

    private var waiting: any WaitingUsers { applier.waiting }
    private var batch: BatchContext { applier.batch }

    /// The result of a user whose batch's turn it is.
    /// - Parameter raw: the record with its length.
    /// - Returns: `nil` if the transaction has done enough and the next one continues.
    func settle(_ raw: UnsafeRawBufferPointer, _ record: UserRecord) throws -> AppliedUser? {
        applier.isFinal = true
        if let entry = try waiting.find(record.index, in: batch.jobID) {
            if let settled = entry.settled { return settled }
        } else {
            try makeWait(raw, record)
        }
        let way = ways.way(of: batch.jobID, from: record.index)
        // Rest only after a step: each transaction makes progress.
        var (mayRest, hasMoved) = (true, false)
        while true {
            if hasMoved, mayRest, way.isLong, let allowance, allowance.isUsedUp() {
                if ways.keep(way, of: batch.jobID) { return nil }
                mayRest = false
            }
            hasMoved = true
            let step = way.last
            if step == record.index { applier.load(record) } else { try applier.load(step) }
            let verdict = try applier.guarded {
                if let sharer = try waiting.sharer(before: applier.fields, in: batch.jobID) {
                    return .comesAfter(sharer, .sharing)
                }
                return try applier.decide()
            }
            guard case .comesAfter(let next, let cause) = verdict else {
                let user = applier.result(of: verdict)
                try note(user, isOwnTurn: step == record.index)
                way.removeLast()
                guard step == record.index else { continue }
                ways.forget(batch.jobID)
                return user
            }
            guard let circle = way.circle(to: next, cause) else {
                way.append(next, cause)
                continue
            }
            guard way.isFresh(circle) else {
                // What some of them waited for may have been settled since: ask them again, all in this transaction.
                way.cutBack(to: circle)
                mayRest = false
                continue
            }
            mayRest = true
            if let own = try leave(circle, own: record.index) {
                ways.forget(batch.jobID)
                return own
            }
            way.remove(circle)
        }
    }

    /// Makes a batch's users wait if a version deferred them that kept its waiting users elsewhere: all of them before the first is
    /// settled, because they may wait for each other.
    func adopt(_ payload: BatchPayload) throws {
        var areUnknown: Bool?
        try payload.forEachRaw { raw, record in
            guard areUnknown != false else { return }
            let isKnown = try waiting.find(record.index, in: batch.jobID) != nil
            if areUnknown == nil { areUnknown = !isKnown }
            if !isKnown { try makeWait(raw, record) }
        }
    }

    private func makeWait(_ raw: UnsafeRawBufferPointer, _ record: UserRecord) throws {
        applier.load(record)
        try waiting.add(applier.fields, raw, as: .open, row: 0, in: batch.jobID)
        applier.batch.hasWaiting = true
    }

    /// Keeps the results of users whose batch is unfinished, as if they had been settled ahead of it.
    func putAside(_ users: [AppliedUser], of payload: BatchPayload) throws {
        var results = users.makeIterator()
        try payload.forEachRaw { _, record in
            guard let user = results.next() else { return }
            let state = try waiting.find(user.index, in: batch.jobID)?.state
            if state == nil {
                applier.load(record)
                try waiting.add(applier.fields, nil, as: .settled, row: 0, in: batch.jobID)
            }
            try waiting.settle(
                user.index, as: state ?? .settled, row: 0, result: LedgerResults.encode([user], deferred: []), in: batch.jobID)
            applier.batch.hasWaiting = true
        }
    }

    /// Settles some or all of the users that wait for each other.
    /// - Returns: the result of the user whose turn it is, if it is among them.
    private func leave(_ circle: [LastPassWay.Step], own: UInt32) throws -> AppliedUser? {
        guard circle.contains(where: { $0.cause != .address }) else { return try handRound(circle.map(\.index), own: own) }
        var stuck = circle.indices.filter { at in
            circle[at].cause == .address && circle[(at + circle.count - 1) % circle.count].cause != .address
        }
        // Sharers follow the order of the request, so without an address one of them has another one's row.
        if stuck.isEmpty { stuck = circle.indices.filter { circle[$0].cause == .row } }
        var result: AppliedUser?
        for step in stuck.map({ circle[$0] }) {
            try applier.load(step.index)
            _ = try applier.lookAtOwnRow()
            let user = AppliedUser(index: step.index, outcome: .failed, code: .identityConflict, crmUserID: applier.matchedRowID)
            try note(user, isOwnTurn: step.index == own)
            if step.index == own { result = user }
        }
        return result
    }

    /// Each of them gets the address that the next one's row has.
    private func handRound(_ users: [UInt32], own: UInt32) throws -> AppliedUser? {
        var results: [AppliedUser] = []
        let verdict = try applier.guarded {
            results = []
            // The first gives up its address before it gets the one it asks for; after that, each finds its own free.
            try applier.load(users[0])
            guard let row = try applier.lookAtOwnRow() else { throw RuleRefusal.conflict }
            try applier.move(row, to: "usersync-\(batch.jobID)-\(users[0])@moving.invalid")
            for index in users.reversed() {
                try applier.load(index)
                let verdict = try applier.meet()
                // Undone together with the others: an email that several rows have, for example.
                guard case .applied = verdict else { throw RuleRefusal.conflict }
                results.append(applier.result(of: verdict))
            }
            return .deferred
        }
        guard case .deferred = verdict else {
            // One of them was refused; the others find out when they are asked again.
            let user = applier.result(of: verdict)
            try note(user, isOwnTurn: user.index == own)
            return user.index == own ? user : nil
        }
        var result: AppliedUser?
        for user in results {
            try applier.load(user.index)
            if batch.hasKeeping { _ = try applier.lookAtOwnRow() }
            try note(user, isOwnTurn: user.index == own)
            if user.index == own { result = user }
        }
        return result
    }

    /// Records the present user's result.
    private func note(_ user: AppliedUser, isOwnTurn: Bool) throws {
        let keeps = try applier.leavesAddress(user)
        if keeps {
            applier.batch.hasKeeping = true
        } else if batch.hasKeeping {
            try applier.noLongerKeepsAddress()
        }
        let result = isOwnTurn ? nil : LedgerResults.encode([user], deferred: [])
        if !keeps, try applier.markWritten(user, result: result) { return }
        try waiting.settle(
            user.index, as: keeps ? .keeps : .settled, row: keeps ? applier.matchedRowID : 0, result: result, in: batch.jobID)
    }
}
