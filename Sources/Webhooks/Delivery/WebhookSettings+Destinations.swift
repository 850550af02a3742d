import JobQueue
import SyncModel

extension WebhookSettings {
    /// Whether a destination is that of the present configured address, or may be a callback's. Without a configured address its
    /// deliveries go where they were to go, which may be anywhere.
    func maySend(to destination: String) -> Bool {
        guard let configuredURL else { return true }
        return DeliveryHead.destination(of: configuredURL.text) == destination
            || addresses.validate(callbackURL: destination) == nil
    }
}
