package import SyncModel

/// Removals that came before any row had their id: a later sync with older data must not bring the user back.
///
/// They are kept for the retention. A removal at a time that no request could have named by now is not believed.
package protocol EarlyRemovals {
    func remember(_ id: UnsafeRawBufferPointer, in batch: BatchContext) throws
    /// Whether any removal of the tenant is newer than the job's data; if not, none needs to be looked up.
    func areNewer(than work: BatchWork, at moment: Timestamp) throws -> Bool
    /// When the user was removed, if that was after its data was read.
    func moment(of fields: RecordFields, in batch: BatchContext) throws -> Timestamp?
}
