import GRDB
package import JobQueue
import SQLiteSupport
package import SyncModel

extension SQLiteJobQueue {
    package func aliases(of tenant: TenantID?, limit: Int, cursor: String?) async throws -> Page<TenantAlias> {
        let before = try cursor.map { try PageCursor.numbers($0, .aliases, count: 1)[0] } ?? .max
        let rows = try await read { db in
            guard let tenant else { return try db.sql(AliasRow.page).all(.int(before), .int(limit + 1)) { AliasRow.row($0) } }
            let tenantID = try AliasRow.tenant(named: tenant, db)
            return try db.sql(AliasRow.pageOfTenant).all(.int(before), .int(limit + 1), .tenant(tenantID)) { AliasRow.row($0) }
        }
        let page = rows.prefix(limit)
        let next = rows.count > limit ? page.last.map { PageCursor.text(.aliases, $0.seq) } : nil
        return Page(items: page.map(\.alias), nextCursor: next)
    }

    package func setAlias(
        _ alias: TenantID, of tenant: TenantID, hasUsers: Bool, now: Timestamp
    ) async throws -> AliasChange {
        try await writer.write { [self] context in
            let db = context.db
            let tenantID = try AliasRow.tenant(named: tenant, db)
            if let present = try AliasRow.find(alias, db) {
                return present.tenantID == tenantID ? .unchanged(present) : .refused(.isOf(present.tenantID))
            }
            guard !isMerging(alias), !isMerging(tenantID) else { return .refused(.isMerging) }
            let aliases = try AliasRow.aliases(of: tenantID, db)
            guard aliases.count < TenantAlias.mostOfTenant else { return .refused(.tooMany) }
            // They are one already, the other way round.
            if alias == tenantID, tenant != alias { return .refused(.hasAliases) }
            if alias != tenantID {
                guard try AliasRow.aliases(of: alias, db).isEmpty else { return .refused(.hasAliases) }
                let ended = try TenantEnd.last(of: alias, db)
                // What ended after the question may have made users.
                let isSettled = try !AliasRow.hasOpenJobs(alias, db) && ended.map { $0.endedAt < now } ?? true
                guard isSettled else { return .refused(.hasOpenJobs) }
                guard !hasUsers else { return .refused(.hasUsers) }
                // Receivers keep the highest number that they saw under a name.
                if let ended { try TenantEnd.raise(tenantID, above: ended.sequence, db) }
            }
            try AliasRow.insert(alias, of: tenantID, .set, at: now, db)
            return .set(TenantAlias(alias: alias, tenantID: tenantID, origin: .set, since: now))
        }
    }

    package func hasJobs(_ name: TenantID) async throws -> Bool {
        try await read { db in try AliasRow.hasJobs(try AliasRow.tenant(named: name, db), db) }
    }

    package func forgetAlias(_ alias: TenantID) async throws -> TenantAlias? {
        try await writer.write { context in
            guard let present = try AliasRow.find(alias, context.db) else { return nil }
            // What was sent under the name had the tenant's numbers.
            if present.tenantID != alias, let ended = try TenantEnd.last(of: present.tenantID, context.db) {
                try TenantEnd.raise(alias, above: ended.sequence, context.db)
            }
            try context.sql(AliasRow.delete).run(.tenant(alias))
            return present
        }
    }
}
