package import SyncModel

/// The names of tenants: `TENANT_ALIASES`.
///
/// An alias stands for a tenant and never for another alias: a tenant that has aliases is none itself. An alias outlives the jobs that
/// came under it.
package protocol TenantNaming: Sendable {
    /// The tenant that a name stands for: the name itself unless it is an alias.
    func tenant(named name: TenantID) async throws -> TenantID
    /// Names of which `accept` has to know whether the directory has users (`NewJob.hasUsers`), or it will learn nothing; empty if there
    /// is nothing to learn.
    func unasked(_ names: TenantNames) async throws -> [TenantID]
}
