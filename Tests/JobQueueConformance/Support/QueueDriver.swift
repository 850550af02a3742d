package import JobQueue
import Synchronization
import TestSupport
package import Testing

/// A driver under test: how to make an empty queue of it, and how to make one over what a killed process left.
package struct QueueDriver: Sendable, CustomTestStringConvertible {
    package let name: String
    /// - Parameter place: a directory of the test's own.
    fileprivate let open: @Sendable (_ place: String, _ fixture: QueueFixture) async throws -> any JobQueue
    /// Another process on the store of `queue`.
    fileprivate let join: (@Sendable (_ queue: any JobQueue, _ fixture: QueueFixture) async throws -> any JobQueue)?
    /// Opens what would be there if the process had been killed and its leases of batches had run out by now, while `queue` is
    /// still open.
    fileprivate let afterKill:
        @Sendable (_ queue: any JobQueue, _ place: String, _ fixture: QueueFixture) async throws -> any JobQueue

    /// Compares the figures kept with what the store holds, counted; names those that differ.
    package let audit: @Sendable (any JobQueue) async throws -> [String]

    package var testDescription: String { name }

    /// - Parameter join: opens another process on the store of `queue`; `nil` if only one may use a store, and leases end with it.
    package init(
        name: String,
        open: @escaping @Sendable (_ place: String, _ fixture: QueueFixture) async throws -> any JobQueue,
        join: (@Sendable (_ queue: any JobQueue, _ fixture: QueueFixture) async throws -> any JobQueue)? = nil,
        afterKill:
            @escaping @Sendable (_ queue: any JobQueue, _ place: String, _ fixture: QueueFixture) async throws -> any JobQueue,
        audit: @escaping @Sendable (any JobQueue) async throws -> [String]
    ) {
        (self.name, self.open, self.join, self.afterKill, self.audit) = (name, open, join, afterKill, audit)
    }

    fileprivate static let registry = DriverRegistry<QueueDriver>()

    /// Every driver that the conformance suites run on.
    static var all: [QueueDriver] { registry.drivers }
    /// Those whose stores processes may share.
    static var shared: [QueueDriver] { all.filter { $0.join != nil } }

    /// Runs a test on an empty queue of the driver.
    /// - Parameter isSound: false where the test itself makes the tables say what memory cannot know.
    package func withQueue(
        limits: QueueLimits = QueueLimits(), isSound: Bool = true, _ body: (QueueFixture, any JobQueue) async throws -> Void
    ) async throws {
        let fixture = QueueFixture(limits: limits)
        let place = try TemporaryDirectory()
        fixture.place.withLock { $0 = place.path }
        let queue = try await open(place.path, fixture)
        queue.observe(fixture.events.observer)
        fixture.queue.withLock { $0 = queue }
        do {
            try await body(fixture, queue)
        } catch {
            await queue.close()
            throw error
        }
        // Whatever the test did: memory agrees with the tables. (A queue that the test closed has nothing to say.)
        for _ in 0..<2 where isSound {
            let repairs = try? await queue.reconcile(limit: 10_000)
            #expect(repairs ?? [] == [])
        }
        if isSound { #expect(fixture.events.takeImpossible() == []) }
        await queue.close()
    }

    /// The queue as a new process finds it after this one was killed, once its leases of batches have run out; close it.
    package func killed(_ fixture: QueueFixture) async throws -> any JobQueue {
        let queue = try #require(fixture.queue.withLock { $0 })
        let next = try await afterKill(queue, fixture.place.withLock { $0 }, fixture)
        next.observe(fixture.events.observer)
        return next
    }
}

extension QueueDriver {
    /// Another process on the same store; close it.
    func joined(_ fixture: QueueFixture) async throws -> any JobQueue {
        let queue = try #require(fixture.queue.withLock { $0 })
        let join = try #require(self.join)
        return try await join(queue, fixture)
    }
}

/// Has the conformance suites run on a driver as well. Given to a suite of the driver's test target:
///
/// ```swift
/// @Suite("JobQueue, kept in SQLite", .conformance(of: .sqlite))
/// enum SQLiteConformance {}
/// ```
package struct QueueConformance: SuiteTrait {
    fileprivate init(_ driver: QueueDriver) { QueueDriver.registry.add(driver) }
}

extension Trait where Self == QueueConformance {
    package static func conformance(of driver: QueueDriver) -> Self { QueueConformance(driver) }
}
