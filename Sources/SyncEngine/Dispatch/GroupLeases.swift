import JobQueue
import SyncModel
import Synchronization

/// The leases of a commit group, as far as this process knows. Asked at each batch boundary of its commit, from any thread.
final class GroupLeases: Sendable {
    private struct State {
        /// Those to renew.
        var leases: [LeaseID]
        var end: Timestamp
        /// Those that the group is ending itself.
        var ending: Set<LeaseID> = []
        var isAnyLost = false
    }

    private let state: Mutex<State>

    init(_ leases: [LeaseID], end: Timestamp) { state = Mutex(State(leases: leases, end: end)) }

    /// Whether nothing may be applied under them any more.
    func areOver(at now: Timestamp) -> Bool { state.withLock { $0.isAnyLost || $0.end <= now } }

    /// Those to renew, and their end. `nil`: there is none, or their end has passed.
    func renewable(at now: Timestamp) -> (leases: [LeaseID], end: Timestamp)? {
        state.withLock { $0.leases.isEmpty || $0.end <= now ? nil : ($0.leases, $0.end) }
    }

    /// The group is about to end this one, by a write that says whether it was lost. It is renewed still, for that may take long.
    func startEnding(_ lease: LeaseID) { state.withLock { _ = $0.ending.insert(lease) } }

    /// The group has finished this one or given it back.
    func letGo(_ lease: LeaseID) { state.withLock { $0.leases.removeAll { $0 == lease } } }

    /// They end then, but for those that are lost. The others go on being renewed: what was applied under them is to be finished.
    /// One that the group is ending is not held any more once that is written, which is no loss.
    func renewed(until end: Timestamp, lost: Set<LeaseID>) {
        state.withLock { state in
            state.end = end
            if state.leases.contains(where: { lost.contains($0) && !state.ending.contains($0) }) { state.isAnyLost = true }
            state.leases.removeAll(where: lost.contains)
        }
    }
}
