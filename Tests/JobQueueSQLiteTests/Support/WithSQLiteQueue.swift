import JobQueue
import JobQueueConformance
import Testing

@testable import JobQueueSQLite

/// Runs a test on an empty queue, with all that the driver has.
/// - Parameter isSound: false where the test itself makes the tables say what memory cannot know.
func withSQLiteQueue(
    limits: QueueLimits = QueueLimits(), isSound: Bool = true, _ body: (QueueFixture, SQLiteJobQueue) async throws -> Void
) async throws {
    try await QueueDriver.sqlite.withQueue(limits: limits, isSound: isSound) { fixture, queue in
        try await body(fixture, try #require(queue as? SQLiteJobQueue))
    }
}
