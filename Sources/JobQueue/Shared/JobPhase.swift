/// Who has to do something about a job next.
package enum JobPhase: Int, Sendable {
    /// Its batches are leased.
    case working = 0
    /// Its cancel was requested and it has open batches: those are to be dropped.
    case cancelling = 1
    /// No batch is open: it is to be ended.
    case endable = 2
    /// It ended; the directory's ledger rows stand.
    case ledgered = 3
    /// It ended and the ledger forgot it.
    case closed = 4
}
