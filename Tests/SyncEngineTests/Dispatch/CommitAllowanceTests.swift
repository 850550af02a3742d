import Testing

@testable import SyncEngine

@Suite("What a large commit may take")
struct CommitAllowanceTests {
    private let start = ContinuousClock.now

    @Test("alone it may take all, however long it takes to close")
    func alone() {
        var allowance = CommitAllowance(most: 100)
        #expect(allowance.batches == 100)
        allowance.committed(100, closing: .seconds(1), at: start)
        #expect(allowance.batches == 100)
    }

    @Test("beside others it shrinks in proportion to what they had to wait, to no less than four batches")
    func shrinks() {
        var allowance = CommitAllowance(most: 100)
        allowance.othersAreAbout(at: start)
        allowance.committed(100, closing: .milliseconds(24), at: start)
        #expect(allowance.batches == 50)
        allowance.committed(10, closing: .milliseconds(24), at: start)
        #expect(allowance.batches == 5)
        allowance.committed(5, closing: .milliseconds(240), at: start)
        #expect(allowance.batches == 4)
        allowance.committed(1, closing: .milliseconds(13), at: start)
        #expect(allowance.batches == 4)
    }

    @Test("it grows by a quarter with each commit that used it up and closed in time, never because of a longer one")
    func grows() {
        var allowance = CommitAllowance(most: 10)
        allowance.othersAreAbout(at: start)
        allowance.committed(10, closing: .milliseconds(15), at: start)
        #expect(allowance.batches == 8)
        allowance.committed(7, closing: .milliseconds(5), at: start)
        #expect(allowance.batches == 8)
        allowance.committed(8, closing: .milliseconds(5), at: start)
        #expect(allowance.batches == 10)
        allowance.committed(10, closing: .milliseconds(5), at: start)
        #expect(allowance.batches == 10)
        allowance.committed(40, closing: .milliseconds(24), at: start)
        #expect(allowance.batches == 10)
    }

    @Test("once the others have not come for two seconds it doubles with each commit")
    func forgets() {
        var allowance = CommitAllowance(most: 100)
        allowance.othersAreAbout(at: start)
        allowance.committed(10, closing: .milliseconds(30), at: start + .seconds(1))
        #expect(allowance.batches == 4)
        for expected in [8, 16, 32, 64, 100, 100] {
            allowance.committed(4, closing: .milliseconds(30), at: start + .seconds(3))
            #expect(allowance.batches == expected)
        }
    }

    @Test("it follows what the directory takes best: down at once, up with the commits")
    func follows() {
        var allowance = CommitAllowance(most: 100)
        allowance.most = 300
        #expect(allowance.batches == 100)
        for expected in [200, 300, 300] {
            allowance.committed(100, closing: .milliseconds(30), at: start)
            #expect(allowance.batches == expected)
        }
        allowance.most = 100
        #expect(allowance.batches == 100)
    }
}
