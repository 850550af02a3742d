import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import JobQueue
import SyncModel

extension WebhookSender {
    /// One attempt's request. Everything except the key, which depends on the address connected to.
    func request(_ delivery: Delivery, _ body: [UInt8], to url: WebAddress, at now: Timestamp) -> HTTPClientRequest {
        let seconds = now.microseconds / 1_000_000
        let what = delivery.what
        var request = HTTPClientRequest(url: url.text)
        request.method = .POST
        request.body = .bytes(ByteBuffer(bytes: body))
        var headers = HTTPHeaders()
        headers.add(name: "Content-Type", value: "application/json")
        headers.add(name: "User-Agent", value: "usersync/\(settings.version)")
        headers.add(name: "webhook-id", value: what.id)
        headers.add(name: "webhook-timestamp", value: String(seconds))
        headers.add(name: "webhook-signature", value: signer.signature(id: what.id, timestamp: seconds, body: body))
        let trace = what.traceparent.map { TraceContext(stored: $0) }
        for (name, value) in [
            ("X-Tenant-ID", what.shownTenantID?.text), ("X-Sync-Source", what.source), ("traceparent", trace?.parent),
            ("tracestate", trace?.state),
        ] {
            if let value = value.map(Self.fieldValue), !value.isEmpty { headers.add(name: name, value: value) }
        }
        request.headers = headers
        return request
    }

    /// The text as allowed in a header (RFC 9110 §5.5): without control characters, especially CR and LF, and at most 2048
    /// characters.
    static func fieldValue(_ text: String) -> String {
        let kept = text.unicodeScalars.filter { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
        return String(String.UnicodeScalarView(kept.prefix(2048))).trimmingSpaces()
    }
}
