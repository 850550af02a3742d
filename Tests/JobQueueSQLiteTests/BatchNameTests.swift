import JobQueue
import JobQueueConformance
import SyncModel
import Testing

@testable import JobQueueSQLite
@testable import Settings

@Suite("Names of batches")
struct BatchNameTests {
    /// What a setting allows at most, and at least.
    private func bounds(_ setting: SettingDefinition) throws -> ClosedRange<Int> {
        guard case .integer(let range) = setting.kind else {
            Issue.record("\(setting.name) is no integer")
            return 0...0
        }
        return range
    }

    @Test("the largest job that the settings allow has a number for each of its batches, were all its users to be tried twice")
    func largestJob() throws {
        let users = try bounds(.maxUsersPerRequest).upperBound
        // A batch ends at its users or at a MiB, and one user has 64 KiB at most.
        let byBytes = try bounds(.maxRequestBytes).upperBound / ((1 << 20) - (64 << 10)) + 1
        let first = users / (try bounds(.batchSize).lowerBound) + 1 + byBytes
        let last = users / BatchLimits.mostUsers + 1 + byBytes
        #expect(first + last <= BatchName.limit)
    }
}
