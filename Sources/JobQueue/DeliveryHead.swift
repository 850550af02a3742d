package import SyncModel

/// What is known of a webhook besides its body.
package struct DeliveryHead: Sendable, Hashable {
    /// `webhook-id`: stable over retries and redelivery.
    package var id: String
    package var jobID: JobID?
    /// `user_sync.completed` and the like.
    package var type: String
    package var url: String
    /// True if the address is the configured one, the only one that receives the key.
    package var isConfiguredURL: Bool
    package var tenantID: TenantID?
    package var source: String?
    package var traceparent: String?

    package init(
        id: String, jobID: JobID?, type: String, url: String, isConfiguredURL: Bool, tenantID: TenantID?, source: String?,
        traceparent: String?
    ) {
        self.id = id
        self.jobID = jobID
        self.type = type
        self.url = url
        self.isConfiguredURL = isConfiguredURL
        self.tenantID = tenantID
        self.source = source
        self.traceparent = traceparent
    }
}

extension DeliveryHead {
    /// Scheme, host and port of `url` in lower case (`https://crm.example.com:8443`): deliveries to one destination share its
    /// limits.
    package var destination: String {
        let text = url.utf8
        var at = text.startIndex
        var slashes = 0
        while at < text.endIndex {
            switch text[at] {
            case UInt8(ascii: "/") where slashes < 2: slashes += 1
            case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"): return url[..<at].lowercased()
            default: break
            }
            at = text.index(after: at)
        }
        return url.lowercased()
    }
}
