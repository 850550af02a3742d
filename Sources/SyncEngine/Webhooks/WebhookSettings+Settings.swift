package import SyncModel

extension WebhookSettings {
    /// What the settings say of webhooks. Without `WEBHOOK_SECRET` the secret is derived from the first internal key.
    /// - Parameter version: for `User-Agent`.
    /// - Throws: what the settings' own rules let through and cannot be used.
    package init(_ settings: Settings, version: String) throws {
        let first = settings.internalKeys.first?.value
        var secrets = try settings.webhookSecrets.map { try WebhookSecret($0.value) }
        if secrets.isEmpty, let first { secrets = [.derived(fromInternalKey: first)] }
        self.init(
            configuredURL: settings.webhookURL, secrets: secrets, internalKey: first, sendsAPIKey: settings.webhookSendAPIKey,
            addresses: try AddressPolicy(allowedHosts: settings.webhookAllowedHosts), version: version)
    }
}
