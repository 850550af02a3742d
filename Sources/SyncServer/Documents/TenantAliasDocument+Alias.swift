import JobQueue
import SyncAPI
import SyncModel

extension TenantAliasDocument {
    init(_ alias: TenantAlias) {
        self.init(
            alias: alias.alias.text, tenantID: alias.tenantID.text, origin: "\(alias.origin)", since: alias.since)
    }
}
