import GRDB
import SQLiteSupport
import SyncModel
import UserDirectory

/// Creates the tables, or upgrades existing ones: adds columns and changes indexes, nothing else. Only a UNIQUE inside the table,
/// which SQLite cannot drop, needs a rebuild of the table (`TableRebuild`), and only for `EMAIL_SCOPE=tenant`.
struct SchemaUpgrade {
    let db: Database
    let scope: EmailScope

    /// What was created or found.
    struct Findings {
        /// The data version at which all emails are known to be in lower case, or indexed otherwise.
        var dataVersion: Int64 = 0
        /// Why rows of `sync_logs` will be refused; `nil` if the table fits. It is optional, so users do not wait for it.
        var logTrouble: String?
        /// The index of a tenant's Kinde ids.
        var kindeIndex = KindeIDs.indexName
        /// What became of Kinde ids that could not be moved to their own column; `nil` if all were, or were before.
        var kindeTrouble: String?
    }

    func run() throws -> Findings {
        do {
            return try attempt()
        } catch let refused as KindeIDs.Refused {
            return try attempt(refusal: refused.said)
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_FOREIGNKEY {
            // A deferred foreign key refuses only the commit.
            return try attempt(refusal: SQLiteFailure(error).message)
        }
    }

    /// - Parameter refusal: why Kinde ids cannot be moved, if that is known.
    private func attempt(refusal: String? = nil) throws -> Findings {
        let rebuild = try needsRebuild()
        if rebuild { try TableRebuild.setPragmas(db, rebuilding: true) }
        var made = Findings()
        let outcome = Result {
            try db.inTransaction(.immediate) {
                try upgradeUsers()
                try fitKindeIDs(&made, refusal: refusal)
                made.logTrouble = try logTrouble()
                try db.execute(sql: GuideTables.ledger)
                try db.execute(sql: GuideTables.dropConflicts)
                try db.execute(sql: GuideTables.waiting)
                if let waiting = try TableShape(db, "usersync_waiting") { try add(GuideTables.waitingAdditions, to: waiting) }
                try db.execute(sql: GuideTables.removals)
                try db.execute(sql: GuideTables.merged)
                for index in GuideTables.waitingIndexes + GuideTables.removalsIndexes { try db.execute(sql: index) }
                made.dataVersion = try MixedCaseIndex.prepare(db)
                return .commit
            }
        }
        if rebuild { try TableRebuild.setPragmas(db, rebuilding: false) }
        try outcome.get()
        return made
    }

    // MARK: users

    private func upgradeUsers() throws {
        if let users = try TableShape(db, "users") {
            try demand(GuideTables.userColumns, in: users)
            try demandBytes(in: users)
            try add(GuideTables.userAdditions, to: users)
        } else {
            try db.execute(sql: GuideTables.users)
        }
        try fitEmailIndex()
        try fitTenantIndex()
    }

    private func demandBytes(in users: TableShape) throws {
        let unfit = users.columns.first { Collation.identities.contains($0.name.lowercased()) && $0.collation != Collation.bytes }
        guard let unfit else { return }
        throw DirectoryError.unusable(
            """
            \(users.name).\(unfit.name) has COLLATE \(unfit.collation), by which two ids may count as one. Make a table in which the \
            column has no COLLATE, copy the rows and give it the old name
            """)
    }

    /// Whether the table contains the integration guide's UNIQUE and must lose it.
    private func needsRebuild() throws -> Bool {
        guard scope == .tenant, let users = try TableShape(db, "users") else { return false }
        return users.uniqueIndexes(on: ["email"]).contains { $0.origin == "u" }
    }

    private func fitEmailIndex() throws {
        if try needsRebuild() { try TableRebuild(db: db).dropUniqueEmail() }
        guard let users = try TableShape(db, "users") else { return }
        let named = users.index(named: "idx_users_email")
        if let named, named.isPartial || !(named.columns == ["email"] || named.columns == ["email", "tenant_id"]) {
            throw DirectoryError.unusable(
                "The index idx_users_email is not the guide's: rename or drop it, so that usersync can make its own")
        }
        let unique = users.uniqueIndexes(on: ["email"])
        switch scope {
        case .global:
            guard !unique.contains(where: \.comparesAsColumns) else { return }
            try refuseRepeatedEmails()
            if named != nil { try db.execute(sql: "DROP INDEX idx_users_email") }
            try db.execute(sql: "CREATE UNIQUE INDEX idx_users_email ON users(email)")
        case .tenant:
            // Some tools write the integration guide's UNIQUE as an index with any name.
            for index in unique where index.origin == "c" {
                try db.execute(sql: "DROP INDEX \(index.name.quotedDatabaseIdentifier)")
            }
            let isThere = named.map { $0.columns == ["email", "tenant_id"] && $0.isUnique && $0.comparesAsColumns } ?? false
            guard !isThere else { return }
            if let named, !unique.contains(named) { try db.execute(sql: "DROP INDEX idx_users_email") }
            try refuseRepeatedEmails()
            try db.execute(sql: "CREATE UNIQUE INDEX idx_users_email ON users(email, tenant_id)")
        }
    }

    private func fitTenantIndex() throws {
        guard let users = try TableShape(db, "users") else { return }
        if let index = users.index(named: "idx_users_tenant_id") {
            let isFull = index.isUnique && !index.isPartial && index.comparesAsColumns
            if isFull, index.columns == ["tenant_id", "wrapper_user_id"] { return }
            guard index.columns == ["tenant_id"] else {
                throw DirectoryError.unusable(
                    "The index idx_users_tenant_id is not the guide's: rename or drop it, so that usersync can make its own")
            }
            try db.execute(sql: "DROP INDEX idx_users_tenant_id")
        }
        let repeated = try Row.fetchOne(
            db,
            sql: """
                SELECT min(id) AS first, count(*) AS rows FROM users WHERE wrapper_user_id IS NOT NULL
                GROUP BY tenant_id, wrapper_user_id HAVING count(*) > 1 ORDER BY min(id) LIMIT 1
                """)
        if let repeated {
            throw DirectoryError.unusable(
                """
                wrapper_user_id repeats within a tenant: first in the row with id \(repeated["first"] as Int64), \
                \(repeated["rows"] as Int) rows share it. Clear it in all but one of them
                """)
        }
        try db.execute(sql: "CREATE UNIQUE INDEX idx_users_tenant_id ON users(tenant_id, wrapper_user_id)")
    }

    private func fitKindeIDs(_ made: inout Findings, refusal: String?) throws {
        guard let users = try TableShape(db, "users") else { return }
        let ids = KindeIDs(db: db)
        let index = try ids.fitIndex(of: users)
        made.kindeIndex = index.name
        guard index.isNew else { return }
        let stay = try refusal == nil ? ids.move(index: index.name) : ids.count()
        guard stay > 0 else { return }
        made.kindeTrouble = KindeIDs.trouble(rows: stay, refusal: refusal)
    }

    /// Emails are personal data: this message goes only to the operator at the start, who has to fix the rows.
    private func refuseRepeatedEmails() throws {
        // Within a tenant, twins that differ in case are left alone, as they were in the older table.
        let key = scope == .global ? "lower(email)" : "tenant_id, email"
        let repeats = """
            SELECT lower(email) AS email, count(*) AS rows, group_concat(id, ', ') AS ids, min(id) AS first
            FROM users GROUP BY \(key) HAVING count(*) > 1
            """
        guard let first = try Row.fetchOne(db, sql: "\(repeats) ORDER BY first LIMIT 1") else { return }
        let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM (\(repeats))") ?? 0
        let ids = (first["ids"] as String).split(separator: ",").prefix(10).joined(separator: ",")
        throw DirectoryError.unusable(
            """
            EMAIL_SCOPE=\(scope.rawValue) needs every email once\(scope == .tenant ? " per tenant" : ""), but \(count) \
            \(count == 1 ? "email repeats" : "emails repeat"): first \(first["email"] as String), in the rows with id \(ids). \
            Fix them\(scope == .global ? ", or keep EMAIL_SCOPE=tenant" : "")
            """)
    }

    // MARK: sync_logs

    /// Upgrades the table, or leaves it as it is and returns why.
    private func logTrouble() throws -> String? {
        do {
            try db.inSavepoint {
                try upgradeSyncLogs()
                return .commit
            }
            return nil
        } catch DirectoryError.unusable(let text) {
            return text
        } catch let error as DatabaseError where SyncLogTable.isRefusal(SQLiteFailure(error)) {
            return "SQLite says: \(SQLiteFailure(error).message)"
        }
    }

    private func upgradeSyncLogs() throws {
        if let logs = try TableShape(db, "sync_logs") {
            try demand(GuideTables.syncLogColumns, in: logs)
            try add(GuideTables.syncLogAdditions, to: logs)
        } else {
            try db.execute(sql: GuideTables.syncLogs)
        }
        try db.execute(sql: "CREATE UNIQUE INDEX IF NOT EXISTS idx_sync_logs_job_id ON sync_logs(job_id)")
    }

    // MARK: Columns

    private func demand(_ columns: [GuideTables.Column], in table: TableShape) throws {
        let missing = columns.filter { !table.hasColumn($0.name) }
        if !missing.isEmpty {
            throw DirectoryError.unusable(
                """
                The table \(table.name) lacks \(missing.map(\.name).joined(separator: ", ")), which the guide's has. Add: \
                \(missing.map { "ALTER TABLE \(table.name) ADD COLUMN \($0.definition)" }.joined(separator: "; "))
                """)
        }
        guard table.idIsRowNumber else {
            throw DirectoryError.unusable(
                """
                \(table.name).id is not INTEGER PRIMARY KEY, so SQLite does not number its rows (SERIAL is PostgreSQL's word). \
                Make a table with id INTEGER PRIMARY KEY AUTOINCREMENT, copy the rows and give it the old name
                """)
        }
    }

    private func add(_ columns: [GuideTables.Column], to table: TableShape) throws {
        for column in columns where !table.hasColumn(column.name) {
            try db.execute(sql: "ALTER TABLE \(table.name.quotedDatabaseIdentifier) ADD COLUMN \(column.definition)")
        }
    }
}
