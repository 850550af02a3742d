import GRDB
import SQLiteSupport
import SyncModel

/// What an operation writes through: the connection, the figures it changes, and what must follow in memory.
///
/// Memory follows the disk: `afterCommit` blocks run once the operation's commit has succeeded, before its caller is answered;
/// `onRollback` blocks undo a reservation in memory if it has not.
final class WriteContext {
    let db: Database
    private(set) var totals = QueueCounters()
    private(set) var backlogs: [TenantID: BacklogChange] = [:]
    private var followUps: [() -> Void] = []
    private var undoings: [() -> Void] = []

    init(db: Database) { self.db = db }

    func sql(_ text: String) throws -> SQLStatement { try db.sql(text) }

    /// Changes the figures of the whole queue.
    func count(_ change: (inout QueueCounters) -> Void) { change(&totals) }

    /// Changes a tenant's backlog, and the queue's pending users with it.
    func backlog(_ tenantID: TenantID, openJobs: Int = 0, pendingUsers: Int) {
        guard openJobs != 0 || pendingUsers != 0 else { return }
        totals.pendingUsers += pendingUsers
        backlogs[tenantID, default: BacklogChange()].openJobs += openJobs
        backlogs[tenantID, default: BacklogChange()].pendingUsers += pendingUsers
    }

    func afterCommit(_ body: @escaping () -> Void) { followUps.append(body) }
    func onRollback(_ body: @escaping () -> Void) { undoings.append(body) }

    func committed() { for body in followUps { body() } }
    func rolledBack() { for body in undoings.reversed() { body() } }
}
