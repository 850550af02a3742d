/// What acts on a job next.
package enum JobPhase: Int, Sendable {
    /// Its batches are leased.
    case working = 0
    /// Its cancel was requested and it has open batches, which must be dropped.
    case cancelling = 1
    /// No batch is open: it must be ended.
    case endable = 2
    /// It has ended; the directory's ledger still has its rows.
    case ledgered = 3
    /// It has ended, and its ledger rows are deleted.
    case closed = 4
    /// It was accepted while a merge of its tenant was under way, and waits for its end.
    case held = 5
}
