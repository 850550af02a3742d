import Settings
import SyncEngine
import SyncModel
import Webhooks

// What each part takes from the settings.

extension MaintenanceSettings {
    init(_ settings: Settings) {
        self.init()
        retentionDays = Double(settings.retentionDays)
    }
}

extension WebhookSettings {
    /// Without `WEBHOOK_SECRET` the secret is derived from the first internal key.
    /// - Parameter version: for `User-Agent`.
    /// - Throws: if a value passes the settings' own rules but cannot be used; `StartFailure` for a file of certificates.
    init(_ settings: Settings, version: String) throws {
        let first = settings.internalKeys.first?.value
        var secrets = try settings.webhookSecrets.map { try WebhookSecret($0.value) }
        if secrets.isEmpty, let first { secrets = [.derived(fromInternalKey: first)] }
        self.init(
            configuredURL: settings.webhookURL, secrets: secrets, internalKey: first, sendsAPIKey: settings.webhookSendAPIKey,
            addresses: AddressPolicy(allowedHosts: settings.webhookAllowedHosts), version: version)
        proxy = settings.webhookProxy
        guard let file = settings.webhookCAFile else { return }
        do throws(TrustedRootsError) {
            trustedRoots = try TrustedRoots(file: file)
        } catch {
            throw StartFailure("\(settings.webhookCAFileSetting): \(error)", isMisconfigured: true)
        }
    }
}
