package import JobQueue
package import SyncModel

extension MemoryJobQueue {
    package func aliases(of tenant: TenantID?, limit: Int, cursor: String?) async throws -> Page<TenantAlias> {
        let before = try cursor.map { try Cursor.numbers($0, "a", count: 1)[0] } ?? .max
        return try look { state in
            let tenantID = tenant.map { state.disk.aliases[$0]?.alias.tenantID ?? $0 }
            let found = state.disk.aliases.values.filter {
                Int64($0.seq) < before && tenantID ?? $0.alias.tenantID == $0.alias.tenantID
            }.sorted { $0.seq > $1.seq }
            let page = found.prefix(limit)
            let next = page.last.map { Cursor.text("a", Int64($0.seq)) }
            return Page(items: page.map(\.alias), nextCursor: found.count > limit ? next : nil)
        }
    }

    package func setAlias(
        _ alias: TenantID, of tenant: TenantID, hasUsers: Bool, now: Timestamp
    ) async throws -> AliasChange {
        try change { state in
            let tenantID = state.disk.aliases[tenant]?.alias.tenantID ?? tenant
            if let present = state.disk.aliases[alias]?.alias {
                return present.tenantID == tenantID ? .unchanged(present) : .refused(.isOf(present.tenantID))
            }
            guard !state.isMerging(alias), !state.isMerging(tenantID) else { return .refused(.isMerging) }
            let aliases = state.disk.aliases.values.map(\.alias)
            guard aliases.count(where: { $0.tenantID == tenantID }) < 16 else { return .refused(.tooMany) }
            if alias == tenantID, tenant != alias { return .refused(.hasAliases) }
            if alias != tenantID {
                guard !aliases.contains(where: { $0.tenantID == alias }) else { return .refused(.hasAliases) }
                let open = state.disk.entries.contains { $0.job.tenantID == alias && !$0.job.state.isEnd }
                let isLate = state.disk.ends[alias].map { $0.endedAt >= now } ?? false
                guard !open, !isLate else { return .refused(.hasOpenJobs) }
                guard !hasUsers else { return .refused(.hasUsers) }
                if let ended = state.disk.ends[alias] { state.disk.raise(tenantID, above: ended.sequence) }
            }
            return .set(state.add(alias, of: tenantID, .set, at: now))
        }
    }

    package func forgetAlias(_ alias: TenantID) async throws -> TenantAlias? {
        try change { state in
            guard let present = state.disk.aliases.removeValue(forKey: alias)?.alias else { return nil }
            if present.tenantID != alias, let ended = state.disk.ends[present.tenantID] {
                state.disk.raise(alias, above: ended.sequence)
            }
            return present
        }
    }

    package func hasJobs(_ name: TenantID) async throws -> Bool {
        try look { state in state.hasJobs(state.disk.aliases[name]?.alias.tenantID ?? name) }
    }
}
