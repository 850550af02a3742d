import JobQueue
import Logging
import ServiceSupport
import SyncModel
import Synchronization

/// Renews the leases of all commit groups that this process has not finished, where leases do not end with their process. One call
/// renews them all.
final class LeaseKeeper: Sendable {
    private let queue: any JobLeasing
    private let seconds: Double
    private let machine: Machine
    private let logger: Logger
    private let kept = Mutex<[GroupLeases]>([])
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// - Parameter seconds: how long a lease lasts from its renewal.
    init(queue: any JobLeasing, seconds: Double, machine: Machine, logger: Logger) {
        self.queue = queue
        self.seconds = seconds
        self.machine = machine
        self.logger = logger
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Renews the leases of these batches, all of one call, until they are let go.
    /// - Returns: `nil` if they end with the process.
    func keep(_ batches: [LeasedBatch]) -> GroupLeases? {
        guard let end = batches.first?.expiresAt else { return nil }
        let leases = GroupLeases(batches.map(\.lease), end: end)
        kept.withLock { $0.append(leases) }
        wake.yield()
        return leases
    }

    /// The group is done with.
    func letGo(_ leases: GroupLeases?) {
        guard let leases else { return }
        kept.withLock { kept in kept.removeAll { $0 === leases } }
    }

    /// Runs until cancelled.
    func run() async {
        var trouble = Outage("Renewing leases", logger)
        for await _ in wakes {
            while !Task.isCancelled, let end = renewable(at: queue.clock.now()).map(\.end).min() {
                let now = queue.clock.now()
                let due = end.advanced(bySeconds: -seconds * 2 / 3)
                if due > now {
                    try? await machine.sleep(for: .seconds(due.seconds(since: now)))
                } else {
                    await renew(&trouble)
                }
            }
        }
    }

    private func renewable(at now: Timestamp) -> [(group: GroupLeases, leases: [LeaseID], end: Timestamp)] {
        kept.withLock { kept in
            kept.compactMap { group in group.renewable(at: now).map { (group, $0.leases, $0.end) } }
        }
    }

    private func renew(_ trouble: inout Outage) async {
        let now = queue.clock.now()
        let groups = renewable(at: now)
        do {
            let lost = Set(try await queue.renew(groups.flatMap(\.leases), for: seconds, now: now))
            trouble.worked()
            for (group, _, _) in groups { group.renewed(until: now.advanced(bySeconds: seconds), lost: lost) }
        } catch {
            trouble.failed(error)
            try? await machine.sleep(for: .seconds(seconds / 12))
        }
    }
}
