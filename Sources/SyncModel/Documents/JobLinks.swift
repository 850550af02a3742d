/// Where a job is found over HTTP.
package struct JobLinks: Sendable, Hashable {
    /// `PUBLIC_URL` without a slash at its end; empty where it is not set: links are then relative to the server.
    package let base: String

    /// - Parameter publicURL: `PUBLIC_URL`, with or without slashes at its end.
    package init(publicURL: String? = nil) {
        var base = publicURL ?? ""
        while base.hasSuffix("/") { base.removeLast() }
        self.base = base
    }

    /// The path of a job, for `statusUrl` and `Location`: relative always, so that it holds behind any proxy.
    package static func path(of id: JobID) -> String { "/api/internal/sync/jobs/\(id.text)" }

    /// Where all results of a job are; absolute where `PUBLIC_URL` is set.
    package func results(of id: JobID) -> String { "\(base)\(JobLinks.path(of: id))/results" }
}
