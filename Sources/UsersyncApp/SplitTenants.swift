import JobQueue
import Logging
import ServiceLifecycle
import SyncModel
import UserDirectory

/// Looks once, after the start, for users that no sync finds any more: those of a name that stands for a tenant. They came while
/// `TENANT_ALIASES` was off, or from another program.
struct SplitTenants: Service {
    let queue: any AliasControl
    let directory: any UserDirectory
    let logger: Logger
    /// The most aliases that it looks at, the newest first.
    var limit = 1000

    func run() async throws {
        await cancelWhenGracefulShutdown { await look() }
        // A service that ends would end the others.
        try await gracefulShutdown()
    }

    func look() async {
        guard let aliases = try? await queue.aliases(of: nil, limit: limit, cursor: nil).items else { return }
        var split: [TenantAlias] = []
        for alias in aliases where alias.alias != alias.tenantID {
            // A database that does not answer is not asked a thousand times.
            guard !Task.isCancelled, let hasUsers = try? await directory.hasUsers(of: alias.alias) else { return }
            if hasUsers { split.append(alias) }
        }
        guard let newest = split.first else { return }
        logger.warning(
            "the CRM has users of names that stand for another tenant: no sync of that tenant finds them",
            metadata: [
                "names": .stringConvertible(split.count), "alias": .string(newest.alias.text),
                "tenantId": .string(newest.tenantID.text),
            ])
    }
}
