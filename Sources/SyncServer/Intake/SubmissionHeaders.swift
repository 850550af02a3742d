import HTTPTypes
import SyncModel

/// What the headers of a submission say, checked (CONTRACT §1 "Headers of a sync"). Decided before a byte of the body is read.
struct SubmissionHeaders: Sendable {
    /// `nil`: absent; only the accessibility check may do without.
    var tenantID: TenantID?
    /// `nil`: absent.
    var source: String?
    var idempotencyKey: String?
    /// Seconds to wait for the result, capped.
    var wait: Int?
    var traceparent: String?
    var isGzip: Bool
    /// `nil`: chunked.
    var contentLength: Int?

    /// The longest `Prefer: wait`, in seconds.
    static let maxWait = 25

    init(_ headers: HTTPFields, requiresSource: Bool) throws(APIError) {
        guard let type = try headers.once(.contentType), SubmissionHeaders.isJSON(type) else {
            throw APIError(
                .unsupportedMediaType, "Unsupported media type", details: .text("Content-Type must be application/json"),
                closesConnection: true)
        }
        switch try headers.once(.contentEncoding)?.lowercased() {
        case nil, "identity": isGzip = false
        case "gzip", "x-gzip": isGzip = true
        default:
            throw APIError(
                .unsupportedMediaType, "Unsupported media type", details: .text("Content-Encoding must be gzip or absent"),
                headers: [.acceptEncoding: "gzip"], closesConnection: true)
        }
        contentLength = headers[.contentLength].flatMap { Int($0) }
        tenantID = try SubmissionHeaders.bounded(headers, .tenantID, 255).map { TenantID($0) }
        source = try SubmissionHeaders.bounded(headers, .syncSource, 255)
        if requiresSource, source == nil { throw SubmissionHeaders.early("Header X-Sync-Source is required") }
        idempotencyKey = try SubmissionHeaders.bounded(headers, .idempotencyKey, 255)
        wait = SubmissionHeaders.wait(headers[values: .prefer])
        let parents = headers[values: .traceparent]
        traceparent = parents.count == 1 && SubmissionHeaders.isTraceparent(parents[0]) ? parents[0] : nil
    }

    static func early(_ details: String) -> APIError {
        var error = APIError.badRequest(details)
        error.closesConnection = true
        return error
    }

    private static func isJSON(_ type: String) -> Bool {
        if type == "application/json" { return true }
        let media = type.prefix { $0 != ";" }
        return media.split(separator: " ").joined().lowercased() == "application/json"
    }

    private static func bounded(_ headers: HTTPFields, _ name: HTTPField.Name, _ limit: Int) throws(APIError) -> String? {
        let value: String?
        do { value = try headers.once(name) } catch {
            var error = error
            error.closesConnection = true
            throw error
        }
        guard let value, !value.isEmpty else { return nil }
        guard value.unicodeScalars.count <= limit else {
            throw early("Header \(name.rawName) may have at most \(limit) characters")
        }
        return value
    }

    /// `wait=N` of the preferences (RFC 7240); the first counts.
    private static func wait(_ values: [String]) -> Int? {
        for value in values {
            for preference in value.split(separator: ",") {
                let parts = preference.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, parts[0].filter({ $0 != " " }).lowercased() == "wait",
                    let seconds = Int(parts[1].filter { $0 != " " && $0 != "\"" }), seconds >= 0
                else { continue }
                return min(seconds, maxWait)
            }
        }
        return nil
    }

    /// W3C Trace Context, version 00 and what may follow it: `version-traceid-parentid-flags` in lower-case hex.
    private static func isTraceparent(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts.map(\.utf8.count) == [2, 32, 16, 2], parts[0] != "ff" else { return false }
        return parts.allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) } }
            && parts[1].contains { $0 != "0" } && parts[2].contains { $0 != "0" }
    }
}
