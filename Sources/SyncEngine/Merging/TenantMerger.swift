import JobQueue
import Logging
import ServiceSupport
import SyncModel
import UserDirectory

/// Carries merges of tenants through, each step when it may be taken (`TenantMerging`). What a crash interrupts goes on at the next
/// start; processes that share the queue may do the same step twice.
struct TenantMerger: Sendable {
    private let queue: any TenantMerging & TimedQueue
    private let directory: any UserDirectory
    private let breaker: CircuitBreaker
    private let machine: Machine
    private let logger: Logger
    /// Seconds between looks for merges that another process began.
    private let interval: Double
    /// Seconds for which moving users may fail.
    private let longestFailure: Double
    private let alarm: SweepAlarm

    init(
        queue: any TenantMerging & TimedQueue, directory: any UserDirectory, breaker: CircuitBreaker, interval: Double,
        longestFailure: Double, machine: Machine, logger: Logger
    ) {
        self.queue = queue
        self.directory = directory
        self.breaker = breaker
        self.interval = interval
        self.longestFailure = longestFailure
        self.machine = machine
        self.logger = logger
        alarm = SweepAlarm(machine: machine)
    }

    /// A merge was begun.
    func wake() { alarm.call() }

    /// Runs until cancelled.
    func run() async {
        var outage = Outage("Merging tenants", logger)
        var failures = 0
        var failing: [Int64: ContinuousClock.Instant] = [:]
        while !Task.isCancelled {
            var isAnyOpen = true
            switch await look(&failing) {
            case .idle:
                outage.worked()
                (failures, isAnyOpen) = (0, false)
            case .advanced:
                outage.worked()
                failures = 0
            case .heldUp: break
            case .failed(let error):
                outage.failed(error)
                failures = min(failures + 1, Self.mostDoublings)
            }
            let pause = failures == 0 ? min(Self.pause, interval) : min(Self.pause * Double(1 << failures), Self.longestPause)
            _ = await alarm.wait(atMost: .seconds(isAnyOpen ? pause : interval))
        }
    }

    private enum Look {
        /// No merge is open.
        case idle
        case advanced
        /// The directory is away; nothing was tried.
        case heldUp
        case failed(any Error)
    }

    /// Advances every open merge. One that fails does not keep the others from it.
    /// - Parameter failing: since when merges have failed at each look.
    private func look(_ failing: inout [Int64: ContinuousClock.Instant]) async -> Look {
        do {
            let merges = try await queue.openMerges()
            let open = Set(merges.map(\.id))
            failing = failing.filter { open.contains($0.key) }
            var (look, failure): (Look, (any Error)?) = (merges.isEmpty ? .idle : .advanced, nil)
            for merge in merges {
                do {
                    if try await !advance(merge) { look = .heldUp }
                    failing[merge.id] = nil
                } catch {
                    failure = failure ?? error
                    let since = failing[merge.id] ?? machine.now
                    failing[merge.id] = since
                    if since.duration(to: machine.now) > .seconds(longestFailure) {
                        try await giveUp(merge, because: error)
                    }
                }
            }
            return failure.map { .failed($0) } ?? look
        } catch {
            return .failed(error)
        }
    }

    /// - Returns: false if the directory is away.
    private func advance(_ merge: TenantMerge) async throws -> Bool {
        switch merge.state {
        case .draining:
            if try await queue.startMoving(merge.id) { return try await move(merge) }
        case .moving: return try await move(merge)
        case .settling: try await settle(merge)
        // It is open all the same: its record is damaged.
        case .merged, .refused, .cancelled: try await refuse(merge, because: "its state cannot be read")
        }
        return true
    }

    /// A failure does not trip the circuit breaker: a merge is one long transaction, which may fail where batches do not. If the
    /// directory is away, they say so.
    /// - Returns: false if the directory is known to be away.
    private func move(_ merge: TenantMerge) async throws -> Bool {
        guard await !breaker.isTripped else { return false }
        let users: UserMerge
        do throws(DirectoryError) {
            users = try await directory.merge(merge.alias, into: merge.tenantID, now: queue.clock.now())
        } catch {
            switch error {
            case .unavailable: throw error
            // The transaction was undone: nothing has moved.
            case .transient(let reason), .unusable(let reason): try await refuse(merge, because: reason)
            }
            return true
        }
        guard users.conflicts == 0 else {
            try await refuse(merge, because: Self.sentence(users))
            return true
        }
        try await queue.endMoving(merge.id, moved: users.moved, joined: users.joined, now: queue.clock.now())
        try await settle(merge)
        return true
    }

    /// Refuses a merge that the directory has failed to carry out for so long: what waits for it must go on. It may be the only work
    /// that fails, as it is one transaction, however large. One that has been done all the same goes on.
    private func giveUp(_ merge: TenantMerge, because error: any Error) async throws {
        guard merge.state == .moving, let error = error as? DirectoryError,
            let ahead = try? await directory.previewMerge(of: merge.alias, into: merge.tenantID),
            ahead.moved + ahead.joined + ahead.conflicts > 0
        else { return }
        try await refuse(merge, because: "it could not be carried out: \(error)")
    }

    private func settle(_ merge: TenantMerge) async throws {
        while try await !queue.settleMerge(merge.id, limit: Self.portion, now: queue.clock.now()) { try Task.checkCancellation() }
        logger.notice("tenants merged", metadata: metadata(merge))
    }

    private func refuse(_ merge: TenantMerge, because reason: String) async throws {
        try await queue.refuseMerge(merge.id, because: reason, now: queue.clock.now())
        logger.warning("merge of tenants refused", metadata: metadata(merge).merging(["error": .string(reason)]) { $1 })
    }

    /// Names the first conflicts by the CRM's ids.
    private static func sentence(_ users: UserMerge) -> String {
        let first = users.firstConflicts.prefix(5).map { "users.id \($0.user.crmUserID) (\($0.reason.rawValue))" }
        let more = users.conflicts > first.count ? " and others" : ""
        return
            "\(users.conflicts) \(users.conflicts == 1 ? "user" : "users") cannot be merged: \(first.joined(separator: ", "))\(more)"
    }

    private func metadata(_ merge: TenantMerge) -> Logger.Metadata {
        ["merge": .stringConvertible(merge.id), "alias": "\(merge.alias)", "tenant": "\(merge.tenantID)"]
    }

    /// Seconds between looks at merges that wait for jobs to end.
    private static let pause = 0.5
    /// Failures in a row double the pause, up to this.
    private static let longestPause = 30.0
    private static let mostDoublings = 6
    /// The most jobs, and the most deliveries, that one transaction gives to the tenant.
    private static let portion = 500
}
