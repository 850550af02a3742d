import JobQueue
import SyncModel
import Testing

@testable import SyncEngine

@Suite("Dividing what was leased into commits")
struct CommitGroupTests {
    private func batch(_ tenant: TenantID, _ number: Int, users: Int) -> LeasedBatch {
        LeasedBatch(
            lease: LeaseID(value: Int64(number)), jobID: JobID(now: Timestamp(seconds: 0)), tenantID: tenant,
            operation: .userSync,
            syncTime: Timestamp(seconds: 0), number: number, pass: .first, attempts: 0,
            payload: BatchPayload(bytes: [], count: 0),
            jobUsers: users)
    }

    @Test("small jobs come first, in a commit of their own; large ones go round batch by batch")
    func divide() {
        let leased =
            (0..<3).map { batch("A", $0, users: 1000) } + [batch("s1", 0, users: 1)] + (0..<2).map { batch("B", $0, users: 500) }
            + [batch("s2", 0, users: 100)]
        let groups = CommitGroup.divide(leased)
        #expect(groups.count == 2)
        #expect(groups[0].batches.map(\.tenantID) == ["s1", "s2"])
        #expect(groups[1].batches.map { "\($0.tenantID)\($0.number)" } == ["A0", "B0", "A1", "B1", "A2"])
    }

    @Test("who was not come to is given back first, and whoever kept the others from it last")
    func order() {
        let leased = (0..<2).flatMap { number in ["A", "B", "C"].map { batch($0, number, users: 500) } }
        let numbered = leased.enumerated().map { index, batch in
            var batch = batch
            batch.lease = LeaseID(value: Int64(index))
            return batch
        }
        let group = CommitGroup(batches: numbered)
        #expect((1...6).map { group.leases(after: $0).map(\.value) } == (1...6).map { Array($0..<6) })
        #expect(group.leases(after: 0).map(\.value) == [1, 2, 4, 5, 0, 3])
    }

    @Test("nothing leased makes no commit group")
    func nothing() { #expect(CommitGroup.divide([]).isEmpty) }
}
