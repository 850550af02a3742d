/// A database of users, as the rules of `UserApplier` see it: it finds, writes and remembers; it decides nothing.
///
/// One transaction at a time, on one connection, and never two calls at once. What it throws is a `StoreFailure` if the database
/// said something about the row at hand; anything else ends the transaction and reaches the driver that called `BatchApplier`.
package protocol UserStore: AnyObject {
    var rows: any UserRows { get }
    var waiting: any WaitingUsers { get }
    var removals: any EarlyRemovals { get }
    var ledger: any BatchLedger { get }
    var jobLog: any JobLogTable { get }

    /// Begins a transaction that no other writer of the tables can cross.
    /// - Parameter batches: those that it will apply, or some of them from the first on.
    func begin(_ batches: ArraySlice<BatchWork>) throws
    func commit() throws
    /// Undoes the transaction, if it is not over already.
    func rollBack()

    /// Whether something other than `commit` and `rollBack` has ended the transaction: a trigger of the CRM, for example.
    var isOver: Bool { get }
    /// Whether a constraint that is checked at the end only would make the commit fail as things stand.
    var isBroken: Bool { get }

    /// Runs `body`. If it throws a refusal, what it wrote is undone, unless the transaction is over.
    func savepoint<Value>(_ body: () throws -> Value) throws -> Value
}

extension UserStore {
    /// Runs `body` in a transaction; any error undoes all of it.
    package func transaction<Value>(for batches: ArraySlice<BatchWork> = [], _ body: () throws -> Value) throws -> Value {
        try begin(batches)
        do {
            let value = try body()
            try commit()
            return value
        } catch {
            rollBack()
            throw error
        }
    }
}
