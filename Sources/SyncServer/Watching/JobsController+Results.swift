import HTTPTypes
import Hummingbird
import JobQueue
import NIOCore
import SyncAPI
import SyncModel

extension JobsController {
    /// Results fetched at a time when all of them are streamed: some 300 KB of text.
    private static let streamPage = 1000

    /// Per-user results in index order: a page as JSON, or all of them as NDJSON.
    @Sendable func results(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        let query = QueryParameters(request.uri.query)
        let status = try query.word("status", as: ResultStatusFilter.self)
        if MediaPreference.prefersNDJSON(request.headers[values: .accept]) {
            guard !query.contains("limit"), !query.contains("cursor") else {
                throw APIError.badRequest(
                    "Query parameters \"limit\" and \"cursor\" belong to pages of JSON; application/x-ndjson holds all results")
            }
            return try await stream(of: try await job(of: context), status: status, channel: context.channel)
        }
        let limit = try query.integer("limit", in: PageLimit.results.range, default: PageLimit.results.standard)
        let cursor = try query.cursor()
        let job = try await job(of: context)
        let page = try await reportingBadCursor {
            try await queue.results(of: job.id, status: status, limit: limit, cursor: cursor)
        }
        return .json(
            headers: [.vary: "Accept"],
            document: PageDocument(page) { UserResultDocument($0, operation: job.operation) })
    }

    /// All results, one per line, page by page: the next page is read once the connection has taken the previous one, so memory
    /// is bounded by a page, and a caller who goes away stops it. The first page is read before the head is sent, so an error
    /// until then is an answer with a status; after that, the connection is cut without ending the body. The same happens if the
    /// job is deleted meanwhile: pruning spares it while this runs, but may have begun before.
    private func stream(of job: Job, status: ResultStatusFilter?, channel: any Channel) async throws -> Response {
        let queue = queue
        let hold = queue.keepResults(of: job.id)
        let first = try await queue.results(of: job.id, status: status, limit: JobsController.streamPage, cursor: nil)
        let body = ResponseBody { writer in
            var page = first
            var json = JSONWriter()
            while true {
                for result in page.items {
                    var document = UserResultDocument(result, operation: job.operation)
                    document.write(to: &json)
                    json.newline()
                }
                if !page.items.isEmpty {
                    try await writer.write(ByteBuffer(bytes: json.bytes))
                    json.removeAll()
                }
                guard let cursor = page.nextCursor else { break }
                // A write to a connection that has just closed may still be taken: check before the next page is fetched.
                guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
                page = try await queue.results(of: job.id, status: status, limit: JobsController.streamPage, cursor: cursor)
            }
            // If the job is gone, a page is empty and the last: what was sent before it is not everything.
            guard try await queue.job(job.id) != nil else { throw ResultsGone(job: job.id) }
            try await writer.finish(nil)
            withExtendedLifetime(hold) {}
        }
        return Response(
            status: .ok,
            headers: [.contentType: "application/x-ndjson", .cacheControl: "no-store", .vary: "Accept"], body: body)
    }
}

/// A job was deleted while its results were sent.
struct ResultsGone: Error, CustomStringConvertible {
    let job: JobID
    var description: String { "job \(job) was deleted while its results were read" }
}

/// What `Accept` asks for, as far as it matters here (RFC 9110, section 12.5.1).
enum MediaPreference {
    /// Whether NDJSON is named, with at least the weight of JSON.
    static func prefersNDJSON(_ accept: [String]) -> Bool {
        let ranges = accept.joined(separator: ",").split(separator: ",")
        guard let ndjson = weight(of: "application/x-ndjson", in: ranges), ndjson > 0 else { return false }
        return ndjson >= weight(of: "application/json", in: ranges) ?? 0
    }

    /// The `q` of a media type that is named exactly; `nil` if it is not.
    private static func weight(of type: String, in ranges: [Substring]) -> Double? {
        for range in ranges {
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard parts.first == type else { continue }
            guard let q = parts.dropFirst().first(where: { $0.hasPrefix("q=") }) else { return 1 }
            return Double(q.dropFirst(2)) ?? 0
        }
        return nil
    }
}
