import SyncModel
import TestSupport
import Testing
import UserDirectory

@Suite("A merge of small worlds, by the plain rules")
struct MergePropertyTests {
    @Test("ends as the rules say, as the preview said; again, it changes nothing", arguments: DirectoryDriver.allThatMerge)
    func byTheRules(driver: DirectoryDriver) async throws {
        var seen = UserMerge()
        for seed in 1...UInt64(40) {
            var random = SeededGenerator(seed: seed)
            let world = MergeWorld.random(&random)
            let it = try await driver.make(world.scope)
            try world.store(in: it)
            var plain = PlainMerge(world, now: 1_000)
            plain.run()
            let before = try MergeWorld(of: it, scope: world.scope)
            try #require(before.rows == world.rows, "seed \(seed)")
            let preview = try await it.directory.previewMerge(of: "a", into: "t")
            #expect(preview == plain.merge, "the preview, seed \(seed)")
            #expect(try MergeWorld(of: it, scope: world.scope) == before, "the preview reads, seed \(seed)")
            let merge = try await it.directory.merge("a", into: "t", now: it.clock.now)
            #expect(merge == plain.merge, "seed \(seed)")
            let after = try MergeWorld(of: it, scope: world.scope)
            #expect(after.rows == plain.world.rows.sorted { $0.key < $1.key }, "seed \(seed)")
            #expect(Set(after.removals) == Set(plain.world.removals), "seed \(seed)")
            seen.add(merge)
            guard merge.conflicts == 0 else { continue }
            it.clock.advance(10)
            #expect(try await it.directory.previewMerge(of: "a", into: "t") == UserMerge(), "seed \(seed)")
            #expect(try await it.directory.merge("a", into: "t", now: it.clock.now) == UserMerge(), "seed \(seed)")
            #expect(try MergeWorld(of: it, scope: world.scope) == after, "again, seed \(seed)")
        }
        let counts = [
            seen.moved, seen.joined, seen.withOtherRights, seen.deactivated, seen.reactivated, seen.removed, seen.conflicts,
        ]
        #expect(counts.allSatisfy { $0 > 0 }, "the worlds have all of it: \(counts)")
    }
}

extension UserMerge {
    /// Adds up what merges without conflicts did, and the conflicts of the others.
    fileprivate mutating func add(_ other: UserMerge) {
        conflicts += other.conflicts
        guard other.conflicts == 0 else { return }
        moved += other.moved
        joined += other.joined
        withOtherRights += other.withOtherRights
        deactivated += other.deactivated
        reactivated += other.reactivated
        removed += other.removed
    }
}
