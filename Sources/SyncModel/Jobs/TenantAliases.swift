/// How a tenant's further names are handled: `TENANT_ALIASES`.
package enum TenantAliases: String, Sendable, Hashable, CaseIterable {
    /// Known aliases count, and requests that carry several names of their tenant teach new ones.
    case learn
    /// Known aliases count; only operators change them.
    case fixed
    /// Each name is a tenant of its own.
    case off
}
