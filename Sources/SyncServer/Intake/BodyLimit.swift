import HTTPTypes
import SyncModel

/// How long the body of a submission may be, and the error if it is longer.
struct BodyLimit: Sendable {
    let bytes: Int
    private let refusal: APIError

    /// 413 naming the setting that raises the limit.
    static func setting(_ bytes: Int) -> BodyLimit {
        BodyLimit(bytes: bytes, refusal: tooLarge("A body may have at most \(bytes) bytes (MAX_REQUEST_BYTES)"))
    }

    /// A removal is at most a page of text; no setting changes that.
    static func removal(maxRequestBytes: Int) -> BodyLimit {
        let bytes = RemovalRequestReader.maxBytes
        guard bytes < maxRequestBytes else { return setting(maxRequestBytes) }
        return BodyLimit(bytes: bytes, refusal: tooLarge("The body of a removal may have at most \(bytes) bytes"))
    }

    /// A request without a tenant can only be the accessibility check, which is short.
    static func withoutTenant(_ bytes: Int) -> BodyLimit {
        BodyLimit(bytes: bytes, refusal: SubmissionHeaders.early("Header X-Tenant-ID is required"))
    }

    /// - Throws: the error, if the body has more bytes than allowed.
    func check(_ count: Int) throws(APIError) {
        guard count <= bytes else { throw refusal }
    }

    static func tooLarge(_ details: String) -> APIError {
        APIError(.contentTooLarge, "Request too large", details: .text(details), closesConnection: true)
    }
}
