package import HTTPTypes

/// All routes (Contract.md, "Requests"). Tests check registration, `Allow`, authentication and the OpenAPI document against it.
package enum RouteTable {
    package static let all: [Route] = [
        .submitUsers, .removeUser, .status, .jobs, .job, .results, .retryJob, .cancelJob, .deliveries, .testDelivery, .redeliver,
        .health, .internalHealth, .live, .ready, .metrics, .openAPI,
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
