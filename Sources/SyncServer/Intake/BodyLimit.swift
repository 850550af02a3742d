import HTTPTypes
import SyncModel

/// How long the body of a submission may be, and what is said to one that is longer.
struct BodyLimit: Sendable {
    let bytes: Int
    private let refusal: APIError

    /// 413 naming the setting that raises the limit.
    static func setting(_ bytes: Int) -> BodyLimit {
        BodyLimit(bytes: bytes, refusal: tooLarge("A body may have at most \(bytes) bytes (MAX_REQUEST_BYTES)"))
    }

    /// A removal is a page of text at most; no setting changes that.
    static func removal(maxRequestBytes: Int) -> BodyLimit {
        let bytes = RemovalRequestReader.maxBytes
        guard bytes < maxRequestBytes else { return setting(maxRequestBytes) }
        return BodyLimit(bytes: bytes, refusal: tooLarge("The body of a removal may have at most \(bytes) bytes"))
    }

    /// What names no tenant can be the accessibility check alone, which is short.
    static func withoutTenant(_ bytes: Int) -> BodyLimit {
        BodyLimit(bytes: bytes, refusal: SubmissionHeaders.early("Header X-Tenant-ID is required"))
    }

    /// - Throws: what is said to a body of more bytes than it may have.
    func check(_ count: Int) throws(APIError) {
        guard count <= bytes else { throw refusal }
    }

    static func tooLarge(_ details: String) -> APIError {
        APIError(.contentTooLarge, "Request too large", details: .text(details), closesConnection: true)
    }
}
