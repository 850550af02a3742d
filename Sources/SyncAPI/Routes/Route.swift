package import HTTPTypes

/// One route of the API: its method, its path and who may call it.
package struct Route: Sendable, Hashable {
    package let method: HTTPRequest.Method
    /// With `{id}` for the parameter, as OpenAPI and the router write it.
    package let path: String
    package let access: Access
    /// The text before and after the parameter; `nil` if there is none.
    private let parts: (head: String, tail: String)?

    /// Who may call.
    package enum Access: Sendable, Hashable {
        /// Anyone, without a key.
        case open
        /// Any valid key: `INTERNAL_API_KEY` or `OPS_API_KEY`.
        case anyKey
        /// `INTERNAL_API_KEY` only: for submitting.
        case internalKey
        /// Any valid key; anyone with `METRICS_PUBLIC=true`.
        case metrics
    }

    init(_ method: HTTPRequest.Method, _ path: String, _ access: Access) {
        self.method = method
        self.path = path
        self.access = access
        parts = path.firstRange(of: "{id}").map { (String(path[..<$0.lowerBound]), String(path[$0.upperBound...])) }
    }

    /// The path of one job or delivery; of a route without a parameter, its path.
    /// - Parameter id: an id that needs no escaping in a path: a job's, or a delivery's.
    package func path(of id: String) -> String { parts.map { "\($0.head)\(id)\($0.tail)" } ?? path }

    package static func == (a: Route, b: Route) -> Bool { a.method == b.method && a.path == b.path }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(method)
        hasher.combine(path)
    }
}

extension Route {
    package static let submitUsers = Route(.post, "/api/internal/sync/users", .internalKey)
    package static let removeUser = Route(.post, "/api/internal/sync/remove-user", .internalKey)
    package static let status = Route(.get, "/api/internal/sync/status", .anyKey)
    package static let jobs = Route(.get, "/api/internal/sync/jobs", .anyKey)
    package static let job = Route(.get, "/api/internal/sync/jobs/{id}", .anyKey)
    package static let results = Route(.get, "/api/internal/sync/jobs/{id}/results", .anyKey)
    package static let retryJob = Route(.post, "/api/internal/sync/jobs/{id}/retry", .anyKey)
    package static let cancelJob = Route(.post, "/api/internal/sync/jobs/{id}/cancel", .anyKey)
    package static let deliveries = Route(.get, "/api/internal/sync/deliveries", .anyKey)
    package static let testDelivery = Route(.post, "/api/internal/sync/deliveries/test", .anyKey)
    package static let redeliver = Route(.post, "/api/internal/sync/deliveries/{id}/redeliver", .anyKey)
    package static let health = Route(.get, "/api/health", .anyKey)
    package static let internalHealth = Route(.get, "/api/internal/health", .anyKey)
    package static let live = Route(.get, "/livez", .open)
    package static let ready = Route(.get, "/readyz", .open)
    package static let metrics = Route(.get, "/metrics", .metrics)
    package static let openAPI = Route(.get, "/openapi.json", .open)
}
