package import HTTPTypes

/// One route of the server.
package struct Route: Sendable, Hashable {
    package let method: HTTPRequest.Method
    /// With `{name}` for each parameter, as OpenAPI and the router write it.
    package let path: String
    package let access: Access

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
}

/// All routes (Contract.md, "Requests"). Tests check registration, `Allow`, authentication and the OpenAPI document against it.
package enum RouteTable {
    package static let all: [Route] = [
        Route(method: .post, path: "/api/internal/sync/users", access: .internalKey),
        Route(method: .post, path: "/api/internal/sync/remove-user", access: .internalKey),
        Route(method: .get, path: "/api/internal/sync/status", access: .anyKey),
        Route(method: .get, path: "/api/internal/sync/jobs", access: .anyKey),
        Route(method: .get, path: "/api/internal/sync/jobs/{id}", access: .anyKey),
        Route(method: .get, path: "/api/internal/sync/jobs/{id}/results", access: .anyKey),
        Route(method: .post, path: "/api/internal/sync/jobs/{id}/retry", access: .anyKey),
        Route(method: .post, path: "/api/internal/sync/jobs/{id}/cancel", access: .anyKey),
        Route(method: .get, path: "/api/internal/sync/deliveries", access: .anyKey),
        Route(method: .post, path: "/api/internal/sync/deliveries/test", access: .anyKey),
        Route(method: .post, path: "/api/internal/sync/deliveries/{id}/redeliver", access: .anyKey),
        Route(method: .get, path: "/api/health", access: .anyKey),
        Route(method: .get, path: "/api/internal/health", access: .anyKey),
        Route(method: .get, path: "/livez", access: .open),
        Route(method: .get, path: "/readyz", access: .open),
        Route(method: .get, path: "/metrics", access: .metrics),
        Route(method: .get, path: "/openapi.json", access: .open),
    ]

    /// All methods that any route takes, for `Allow`.
    package static let methods = "GET, HEAD, POST"

    /// The routes with this path, for any method. Empty segments do not count, as in the router: `/livez/` is `/livez`.
    package static func routes(forPath path: String) -> [Route] { byLiteralPath[path] ?? matching(path) }

    /// The routes by path, for paths without parameters: looked up on every request, most of which go to one of these.
    private static let byLiteralPath: [String: [Route]] = Dictionary(
        all.lazy.map(\.path).filter { !$0.contains("{") }.map { ($0, matching($0)) }, uniquingKeysWith: { first, _ in first })

    private static func matching(_ path: String) -> [Route] {
        let segments = path.split(separator: "/")
        return all.filter { route in
            let template = route.path.split(separator: "/")
            return template.count == segments.count
                && zip(template, segments).allSatisfy { $0.first == "{" || $0 == $1 }
        }
    }

    /// The methods that a path takes, for `Allow` of a 405; HEAD wherever GET is. `nil` if the path does not exist.
    package static func allowedMethods(forPath path: String) -> [HTTPRequest.Method]? {
        let methods = routes(forPath: path).map(\.method)
        guard !methods.isEmpty else { return nil }
        return methods.contains(.get) ? methods + [.head] : methods
    }

    /// Who may call; `nil` if the route does not exist.
    package static func access(method: HTTPRequest.Method, path: String) -> Route.Access? {
        routes(forPath: path).first { $0.method == (method == .head ? .get : method) }?.access
    }
}
