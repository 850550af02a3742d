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
    /// The tenant, whichever of its names was sent: its webhooks have one order.
    package var tenantID: TenantID?
    /// The name under which its job was sent, where that is another one.
    package var sentTenantID: TenantID?
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
    /// The name that the receiver knows: `X-Tenant-ID`.
    package var shownTenantID: TenantID? { sentTenantID ?? tenantID }

    /// Where it goes: deliveries of one destination share its limits.
    package var destination: String { Self.destination(of: url) }

    /// Scheme, host and port of an address in lower case, one name for each: `https://crm.example.com:8443`. The scheme's own port and a
    /// dot that ends the host are left out.
    package static func destination(of url: String) -> String {
        let text = url.utf8
        var at = text.startIndex
        var slashes = 0
        path: while at < text.endIndex {
            switch text[at] {
            case UInt8(ascii: "/") where slashes < 2: slashes += 1
            case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"): break path
            default: break
            }
            at = text.index(after: at)
        }
        return withoutDefaults(url[..<at].lowercased())
    }

    private static func withoutDefaults(_ name: String) -> String {
        var (host, port) = (name[...], name[name.endIndex...])
        if let colon = name.lastIndex(of: ":"), name[colon...].dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            (host, port) = (name[..<colon], name[colon...])
        }
        if host.hasPrefix("https://") && port == ":443" || host.hasPrefix("http://") && port == ":80" { port = "" }
        if host.hasSuffix("."), !host.hasSuffix("/.") { host = host.dropLast() }
        return String(host + port)
    }
}
