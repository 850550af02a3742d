package import JobQueue
package import SyncModel

extension MemoryJobQueue {
    package func beginMerge(of alias: TenantID, into tenant: TenantID, now: Timestamp) async throws -> MergeStart {
        try change { state in
            let aliases = state.disk.aliases
            let (from, to) = (aliases[alias]?.alias.tenantID ?? alias, aliases[tenant]?.alias.tenantID ?? tenant)
            guard from != to else { return .areOne(to) }
            let open = state.disk.merges.filter { !$0.state.isEnd }
            if let other = open.first(where: { [from, to].contains($0.alias) || [from, to].contains($0.tenantID) }) {
                let isSame = other.alias == from && other.tenantID == to
                return isSame ? .present(state.counted(other)) : .refused(.isMerging(state.counted(other)))
            }
            guard open.count < 16 else { return .refused(.tooManyMerges) }
            let names = Set(aliases.values.map(\.alias).filter { [from, to].contains($0.tenantID) }.map(\.alias) + [from])
            guard names.count <= 16 else { return .refused(.tooManyAliases) }
            let merge = TenantMerge(id: Int64(state.disk.nextNumber()), alias: from, tenantID: to, since: now)
            state.disk.merges.append(merge)
            return .begun(state.counted(merge))
        }
    }

    package func merge(_ id: Int64) async throws -> TenantMerge? {
        try look { state in state.disk.merges.first { $0.id == id }.map { state.counted($0) } }
    }

    package func merges(limit: Int, cursor: String?) async throws -> Page<TenantMerge> {
        let before = try cursor.map { try Cursor.numbers($0, "m", count: 1)[0] } ?? .max
        return try look { state in
            let found = state.disk.merges.filter { $0.id < before }.sorted { $0.id > $1.id }
            let page = found.prefix(limit)
            let next = page.last.map { Cursor.text("m", $0.id) }
            return Page(items: page.map { state.counted($0) }, nextCursor: found.count > limit ? next : nil)
        }
    }

    package func openMerges() async throws -> [TenantMerge] {
        try look { state in state.disk.merges.filter { !$0.state.isEnd }.map { state.counted($0) } }
    }

    package func startMoving(_ id: Int64) async throws -> Bool {
        try step(id) { state, merge, now in
            guard merge.state == .draining else { return merge.state == .moving }
            if state.tenantAliases == .off {
                (merge.state, merge.error, merge.endedAt) = (.refused, "TENANT_ALIASES is off", now)
                return false
            }
            if state.counted(merge).openJobs == 0 { merge.state = .moving }
            return merge.state == .moving
        } ?? false
    }

    package func endMoving(_ id: Int64, moved: Int, joined: Int, now: Timestamp) async throws {
        _ = try step(id) { state, merge, _ in
            guard merge.state == .moving else { return }
            (merge.state, merge.moved, merge.joined) = (.settling, moved, joined)
            state.disk.lastOfMerges[id] = state.disk.lastNumber
            state.makeOne(merge, now: now)
        }
    }

    package func settleMerge(_ id: Int64, limit: Int, now: Timestamp) async throws -> Bool {
        try step(id) { state, merge, _ in
            guard merge.state == .settling else { return true }
            let last = state.disk.lastOfMerges[id] ?? 0
            var left = limit
            for at in state.disk.entries.indices
            where state.disk.entries[at].job.tenantID == merge.alias && state.disk.entries[at].seq <= last && left > 0 {
                state.disk.entries[at].job.tenantID = merge.tenantID
                left -= 1
            }
            var deliveries = limit
            for at in state.disk.posted.indices
            where state.disk.posted[at].delivery.what.tenantID == merge.alias && state.disk.posted[at].seq <= last
                && deliveries > 0
            {
                state.disk.posted[at].delivery.what.sentTenantID = state.disk.posted[at].delivery.what.shownTenantID
                state.disk.posted[at].delivery.what.tenantID = merge.tenantID
                deliveries -= 1
            }
            state.keepOrder(at: now)
            guard left > 0, deliveries > 0 else { return false }
            (merge.state, merge.endedAt) = (.merged, now)
            return true
        } ?? true
    }

    package func refuseMerge(_ id: Int64, because error: String, now: Timestamp) async throws {
        _ = try step(id) { _, merge, _ in
            guard merge.state.holdsJobs else { return }
            (merge.state, merge.error, merge.endedAt) = (.refused, error, now)
        }
    }

    package func cancelMerge(_ id: Int64, now: Timestamp) async throws -> TenantMerge? {
        _ = try step(id) { _, merge, _ in
            if merge.state == .draining { (merge.state, merge.endedAt) = (.cancelled, now) }
        }
        return try await merge(id)
    }

    /// Changes a merge, and lets the jobs go that it no longer holds.
    private func step<T: Sendable>(
        _ id: Int64, _ body: (inout State, inout TenantMerge, Timestamp) throws -> T
    ) throws -> T? {
        let now = clock.now()
        return try change { state in
            guard let at = state.disk.merges.firstIndex(where: { $0.id == id }) else { return nil }
            var merge = state.disk.merges[at]
            let value = try body(&state, &merge, now)
            let isLetGo = state.disk.merges[at].state.holdsJobs && !merge.state.holdsJobs
            state.disk.merges[at] = merge
            if isLetGo { state.letGo([merge.alias, merge.tenantID], now: now) }
            return value
        }
    }
}

extension MemoryJobQueue.State {
    /// Whether what is accepted for the tenant waits for a merge.
    func isMerging(_ tenantID: TenantID) -> Bool {
        disk.merges.contains { $0.state.holdsJobs && ($0.alias == tenantID || $0.tenantID == tenantID) }
    }

    func counted(_ merge: TenantMerge) -> TenantMerge {
        guard merge.state.holdsJobs else { return merge }
        var merge = merge
        let open = disk.entries.filter { !$0.job.state.isEnd && [merge.alias, merge.tenantID].contains($0.job.tenantID) }
        merge.heldJobs = open.count(where: \.isHeld)
        merge.openJobs = open.count - merge.heldJobs
        return merge
    }

    mutating func makeOne(_ merge: TenantMerge, now: Timestamp) {
        let (alias, tenantID) = (merge.alias, merge.tenantID)
        disk.aliases[alias] = nil
        for (name, row) in disk.aliases where row.alias.tenantID == alias { disk.aliases[name]?.alias.tenantID = tenantID }
        add(alias, of: tenantID, .set, at: now)
        if let ended = disk.ends[alias] { disk.raise(tenantID, above: ended.sequence) }
        for (key, known) in disk.keys where key.tenantID == alias {
            let own = QueueDisk.Key(tenantID: tenantID, path: key.path, key: key.key)
            if let present = disk.keys[own], now.seconds(since: present.at) < 86_400 { continue }
            (disk.keys[key], disk.keys[own]) = (nil, known)
        }
        for at in disk.entries.indices where disk.entries[at].job.tenantID == alias && !disk.entries[at].job.state.isEnd {
            disk.entries[at].job.tenantID = tenantID
        }
    }

    mutating func letGo(_ tenants: [TenantID], now: Timestamp) {
        for at in disk.entries.indices where tenants.contains(disk.entries[at].job.tenantID) { disk.entries[at].isHeld = false }
        for tenantID in tenants { refresh(tenantID, now: now) }
        jobsWaiting += 1
    }
}
