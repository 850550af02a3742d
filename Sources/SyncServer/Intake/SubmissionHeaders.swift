import HTTPTypes
import SyncAPI
import SyncModel

/// The headers of a submission, checked (Contract.md, "Headers of a sync") before a byte of the body is read.
struct SubmissionHeaders: Sendable {
    /// `nil` if absent; allowed only for the accessibility check.
    var tenantID: TenantID?
    /// `nil` if absent.
    var source: String?
    var idempotencyKey: String?
    /// Seconds to wait for the result, capped.
    var wait: Int?
    var trace: TraceContext?
    var isGzip: Bool
    /// `nil` if chunked.
    var contentLength: Int?

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
        tenantID = try SubmissionHeaders.bounded(headers, .tenantID, TextLimits.name).map { TenantID($0) }
        source = try SubmissionHeaders.bounded(headers, .syncSource, TextLimits.name)
        if requiresSource, source == nil { throw SubmissionHeaders.early("Header X-Sync-Source is required") }
        idempotencyKey = try SubmissionHeaders.key(headers)
        wait = PreferHeader(headers[values: .prefer]).wait(atMost: TextLimits.wait)
        trace = TraceContext(traceparent: headers[values: .traceparent], tracestate: headers[values: .tracestate])
    }

    /// A token takes the place of the headers that name the tenant and, if there is none, the source.
    mutating func caller(_ token: WrapperToken?) {
        guard let token else { return }
        tenantID = TenantID(token.orgCode)
        source = source ?? token.subject
    }

    static func early(_ details: String) -> APIError {
        var error = APIError.badRequest(details)
        error.closesConnection = true
        return error
    }

    /// `application/json`, in any case, with any parameters.
    private static func isJSON(_ type: String) -> Bool {
        if type == "application/json" { return true }
        var media = type.prefix { $0 != ";" }
        while media.last == " " || media.last == "\t" { media.removeLast() }
        return media.lowercased() == "application/json"
    }

    /// `Idempotency-Key`: visible ASCII only, so that two keys are equal only if their bytes are.
    private static func key(_ headers: HTTPFields) throws(APIError) -> String? {
        guard let key = try single(headers, .idempotencyKey) else { return nil }
        guard (1...TextLimits.idempotencyKey).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw early("Header Idempotency-Key must be 1 to \(TextLimits.idempotencyKey) visible ASCII characters")
        }
        return key
    }

    private static func single(_ headers: HTTPFields, _ name: HTTPField.Name) throws(APIError) -> String? {
        do { return try headers.once(name) } catch {
            var error = error
            error.closesConnection = true
            throw error
        }
    }

    private static func bounded(_ headers: HTTPFields, _ name: HTTPField.Name, _ limit: Int) throws(APIError) -> String? {
        let value = try single(headers, name)
        guard let value, !value.isEmpty else { return nil }
        guard value.unicodeScalars.count <= limit else {
            throw early("Header \(name.rawName) may have at most \(limit) characters")
        }
        // Decoded as text, different bytes that are not UTF-8 would become the same: two names would be one.
        guard
            headers[fields: name].allSatisfy({ field in
                field.withUnsafeBytesOfValue { String(validating: $0, as: UTF8.self) != nil }
            })
        else { throw early("Header \(name.rawName) must be UTF-8") }
        return value
    }
}
