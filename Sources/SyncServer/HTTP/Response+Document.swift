package import HTTPTypes
package import Hummingbird
package import SyncAPI
package import SyncModel

extension Response {
    /// An answer whose body is a document.
    package static func json(
        _ status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], document: some JSONDocument
    ) -> Response {
        .json(status, headers: headers, bytes: document.json)
    }

    /// 202: the job is on disk. `Location` says where to watch it, `Retry-After` when to look first, in seconds.
    package static func acknowledgement(of job: Job, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.location] = JobLinks.path(of: job.id)
        headers[.retryAfter] = String(secondsBeforeLooking(at: job))
        return .json(.accepted, headers: headers, document: AcknowledgementDocument(job: job))
    }

    /// About the time a job takes on an idle server, at 20,000 users per second; 1...60.
    private static func secondsBeforeLooking(at job: Job) -> Int {
        min(60, max(1, job.totalUsers / 20_000))
    }
}
