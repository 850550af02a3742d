package import SyncModel

/// Users of a job that wait for its last pass: each as sent, with the id it carries (of either kind), a Kinde id beside that, and
/// the address it asks for.
///
/// Settled users are removed, with three exceptions: those settled before their own batch's turn, whose result waits for it;
/// those whose row keeps an address that they did not ask for, which other users of the job must know; and, in a retry, those
/// whose row it wrote.
package protocol WaitingUsers {
    func exist(for job: JobID) throws -> Bool
    /// Whether rows of the job keep addresses that were not asked for.
    func keepAddresses(in job: JobID) throws -> Bool

    /// - Parameters:
    ///   - record: as sent, including its length; `nil` for a settled user.
    ///   - row: the one it was found in; 0 for none.
    func add(
        _ fields: RecordFields, _ record: UnsafeRawBufferPointer?, as state: WaitingState, row: Int64, in job: JobID) throws
    /// In a retry: adds a settled user whose row was written.
    /// - Parameters:
    ///   - id: that of the row.
    ///   - result: kept for its batch's turn; `nil` if this is it.
    func addWritten(_ index: UInt32, id: [UInt8], result: [UInt8]?, in job: JobID) throws

    func find(_ index: UInt32, in job: JobID) throws -> WaitingEntry?
    /// The results that wait for their batch's turn, in index order.
    func settledAhead(of job: JobID) throws -> [AppliedUser]
    /// A waiting user's record, including its length; empty if there is none.
    func record(of index: UInt32, in job: JobID) throws -> [UInt8]
    /// The user that this one must come after: the last unsettled one before it that asks for the same address, else one that
    /// carries the same id, else one that has this one's Kinde id beside its own, or the other way round.
    func sharer(before fields: RecordFields, in job: JobID) throws -> UInt32?
    /// The first waiting user that carries an id.
    func carrier(of id: [UInt8], in job: JobID) throws -> WaitingCarrier?
    /// The users that a row keeps its address from: the last one that was found in it, and the last one of an id that several rows
    /// have.
    func keepingCarriers(of row: Int64, _ ids: [[UInt8]], in job: JobID) throws -> [WaitingCarrier]
    /// Whether the retry has written to the row with this id.
    func isWritten(_ id: [UInt8], in job: JobID) throws -> Bool

    /// Marks the user as settled.
    /// - Parameters:
    ///   - state: what other users of the job must know about it.
    ///   - row: the one it was found in; 0 for none.
    ///   - result: kept for its batch's turn; `nil` if this is it.
    func settle(_ index: UInt32, as state: WaitingState, row: Int64, result: [UInt8]?, in job: JobID) throws
    /// The row now has the address asked for last: a note that it keeps another one no longer applies.
    func noLongerKeeps(_ row: Int64, in job: JobID) throws
    /// Removes a job's entries.
    func forget(_ job: JobID) throws
}

/// What is to know of a user that waits, or waited. The numbers are stored.
package enum WaitingState: Int64, Sendable {
    case open = 0
    case settled = 1
    /// Settled, but its row keeps an address that it did not ask for.
    case keeps = 2
    /// Settled by a retry, which has written to the row with its id.
    case written = 3
}

/// A waiting user as found at its batch's turn.
package struct WaitingEntry: Sendable {
    package var state: WaitingState
    package var result: [UInt8]

    package init(state: WaitingState, result: [UInt8]) {
        self.state = state
        self.result = result
    }

    /// The result that waits for the batch's turn; `nil` if the user is not settled yet.
    package var settled: AppliedUser? {
        state == .open ? nil : result.withUnsafeBytes { LedgerResults.decode($0) }?.users.first
    }
}

/// A waiting user that carries an id.
package struct WaitingCarrier: Sendable {
    package var index: UInt32
    /// The address it asks for, in lower case; `nil` if none.
    package var email: [UInt8]?
    /// The Kinde id beside its own.
    package var kindeID: [UInt8]?

    package init(index: UInt32, email: [UInt8]?, kindeID: [UInt8]?) {
        self.index = index
        self.email = email
        self.kindeID = kindeID
    }
}
