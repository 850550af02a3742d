import GRDBSQLite
import SyncModel

/// Whose an email is, and how it changes hands.
extension UserApplier {
    /// The tenant's row with the user's email: the spelling as sent wins, else the lowest id.
    func findByEmail() throws(SQLiteFailure) -> StoredRow? {
        guard let email = fields.email else { return nil }
        if hasMixedCase {
            let rows = try holders(of: .text(email))
            let sent = fields[.email].map { String(decoding: $0, as: UTF8.self) }
            guard let row = rows.first(where: { $0.email == sent }) ?? rows.min(by: { $0.id < $1.id }) else { return nil }
            return try self.row(row.id)
        }
        let select = try statement(UserSQL.byEmail)
        select.bind(UserSQL.parameter(.email), email)
        return try select.step() ? StoredRow(select) : nil
    }

    /// Lets a row that has another email take the user's. `nil`: it may; else what becomes of the user.
    func makeRoom(for row: Int64) throws(SQLiteFailure) -> Verdict? {
        guard let email = fields.email else { return nil }
        let isHeld = try !holders(of: .text(email)).isEmpty
        if isHeld, !batch.isLastPass { return try waitForLastPass() }
        if try isEmailElsewhere() { return .failed(.emailInOtherTenant, crmUserID: row) }
        if isHeld, try !moveOthers(away: String(decoding: email, as: UTF8.self), from: row) {
            return .failed(.identityConflict, crmUserID: row)
        }
        return nil
    }

    func waitForLastPass() throws(SQLiteFailure) -> Verdict {
        try claims.add(fields, in: batch)
        batch.hasClaims = true
        return .deferred
    }

    /// Whether the user's email, in lower case as it would be stored, stands in some row.
    func isSpellingTaken() throws(SQLiteFailure) -> Bool {
        guard let email = fields.email else { return false }
        for sql in scope == .global ? [UserSQL.byEmail, UserSQL.emailElsewhere] : [UserSQL.byEmail] {
            let select = try statement(sql)
            select.bind(UserSQL.parameter(.email), email)
            if try select.found() { return true }
        }
        return false
    }

    /// With `EMAIL_SCOPE=global`: whether the user's email belongs to another tenant's user.
    func isEmailElsewhere() throws(SQLiteFailure) -> Bool {
        guard let email = fields.email else { return false }
        return try isElsewhere(.text(email))
    }

    // MARK: Addresses that change hands within a job

    /// A user of the same job who holds an address that another one asks for.
    private struct Member {
        var row: Int64
        var wrapperID: String?
        /// Newer news stands there: its own record will not be applied, so it is not moved either.
        var isStale: Bool
    }

    /// Moves those who hold `email`, and whatever they ask for in turn, where all of them get what they ask for.
    private func moveOthers(away email: String, from start: Int64) throws(SQLiteFailure) -> Bool {
        var claimed: [Int64: Int64] = [:]
        let moves = try EmailMoves<Member>(
            freeing: email,
            holder: { (email) throws(SQLiteFailure) in try self.holder(of: email, start: start) },
            wish: { (member) throws(SQLiteFailure) in
                guard !member.isStale, let wrapperID = member.wrapperID,
                    let claim = try self.claims.next(of: wrapperID, after: self.fields.index, in: self.batch)
                else { return nil }
                claimed[member.row] = claim.index
                return claim.email
            })
        guard let moves else { return false }
        do {
            // It gets what it asks for when its own record is written; until then its old address must be free.
            if moves.isCycle { try move(start, to: "usersync-\(batch.jobID)-\(fields.index)@moving.invalid") }
            for (member, email) in moves.moves {
                try move(member.row, to: email)
                if let claim = claimed[member.row] { try claims.markMoved(claim, in: batch) }
            }
        } catch {
            // The one who cannot move hears of it at its own turn; to this user the address is simply taken.
            var failure = error
            failure.isAnothersRefusal = failure.refusesOneUser
            throw failure
        }
        return true
    }

    private func holder(of email: String, start: Int64) throws(SQLiteFailure) -> EmailMoves<Member>.Holder {
        let rows = try holders(of: email)
        if try isElsewhere(email) { return .fixed }
        guard let only = rows.first else { return .nobody }
        guard rows.count == 1 else { return .fixed }
        if only.id == start { return .start }
        guard let row = try row(only.id) else { return .nobody }
        defer { row.done() }
        return .user(
            Member(row: only.id, wrapperID: row.wrapperID, isStale: SyncOrder.isStale(batch.syncTime, stored: row.syncTime)),
            id: only.id)
    }

    private func move(_ row: Int64, to email: String) throws(SQLiteFailure) {
        let update = try statement(UserSQL.moveEmail)
        update.bind(UserSQL.parameter(.email), copying: email)
        update.bind(UserSQL.row, row)
        try update.run()
        guard sqlite3_changes(statements.connection) > 0 else {
            throw SQLiteFailure(code: SQLITE_CONSTRAINT, message: Self.ignored)
        }
    }

    // MARK: Rows by email

    /// An email as the payload has it, or one of our own.
    private enum Address {
        case text(UnsafeRawBufferPointer)
        case string(String)

        func bind(to statement: RawStatement) {
            switch self {
            case .text(let bytes): statement.bind(UserSQL.parameter(.email), bytes)
            case .string(let text): statement.bind(UserSQL.parameter(.email), copying: text)
            }
        }
    }

    private func holders(of email: String) throws(SQLiteFailure) -> [(id: Int64, email: String)] {
        try holders(of: .string(email))
    }

    /// The tenant's rows with an email, whatever the case of its letters.
    private func holders(of email: Address) throws(SQLiteFailure) -> [(id: Int64, email: String)] {
        var rows: [(id: Int64, email: String)] = []
        let select = try statement(UserSQL.byEmail)
        email.bind(to: select)
        while try select.step() { rows.append((select.int64(0), select.string(UserSQL.column(.email)) ?? "")) }
        guard hasMixedCase else { return rows }
        let mixed = try statement(UserSQL.byMixedCaseEmail)
        email.bind(to: mixed)
        while try mixed.step() { rows.append((mixed.int64(0), mixed.string(1) ?? "")) }
        return rows
    }

    private func isElsewhere(_ email: String) throws(SQLiteFailure) -> Bool { try isElsewhere(.string(email)) }

    private func isElsewhere(_ email: Address) throws(SQLiteFailure) -> Bool {
        guard scope == .global else { return false }
        for sql in hasMixedCase ? [UserSQL.emailElsewhere, UserSQL.mixedCaseEmailElsewhere] : [UserSQL.emailElsewhere] {
            let select = try statement(sql)
            email.bind(to: select)
            if try select.found() { return true }
        }
        return false
    }

    private func row(_ id: Int64) throws(SQLiteFailure) -> StoredRow? {
        let select = try statement(UserSQL.byRow)
        select.bind(UserSQL.row, id)
        return try select.step() ? StoredRow(select) : nil
    }
}
