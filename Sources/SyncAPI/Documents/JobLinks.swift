package import SyncModel

/// The addresses of a job over HTTP.
package struct JobLinks: Sendable, Hashable {
    /// `PUBLIC_URL` without a trailing slash; empty if it is not set: links are then relative to the server.
    package let base: String

    /// - Parameter publicURL: `PUBLIC_URL`, with or without trailing slashes.
    package init(publicURL: String? = nil) {
        var base = publicURL ?? ""
        while base.hasSuffix("/") { base.removeLast() }
        self.base = base
    }

    /// The path of a job, for `statusUrl` and `Location`: always relative, so that it is right behind any proxy.
    package static func path(of id: JobID) -> String { Endpoint.job.path(of: id.text) }

    /// The address of all results of a job; absolute if `PUBLIC_URL` is set.
    package func results(of id: JobID) -> String { "\(base)\(Endpoint.results.path(of: id.text))" }
}
