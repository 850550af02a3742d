/// The durable queue: holds what was acknowledged until its result has been delivered.
///
/// One protocol for each concern, so that a part of the server sees only what it uses; one conformance suite, one driver per
/// database. Every method that writes returns after the commit is on disk (fsynced). Writes under a lease name it; if the lease is
/// no longer held, they change nothing and report it.
///
/// Errors are `QueueError`s, or `CancellationError`: any method may throw `unavailable`, any write `refused`; others are named
/// at the methods.
package protocol JobQueue: JobIntake, JobLeasing, JobControl, JobInspection, TenantNaming, AliasControl, TenantMerging,
    DeliveryOutbox, QueueMaintenance
{
    /// Closes the store, after everything that uses it has ended.
    func close() async
}
