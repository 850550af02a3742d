package import HTTPTypes

/// All endpoints (Contract.md, "Requests"), in the order of the OpenAPI document. Tests check registration against it.
package enum RouteTable {
    package static let all: [Endpoint] =
        Endpoint.submittingGroup + Endpoint.jobGroup + Endpoint.deliveryGroup + Endpoint.tenantGroup + Endpoint.mergeGroup
        + Endpoint.healthGroup

    /// All methods that any endpoint takes, for `Allow`.
    package static let methods = "GET, HEAD, POST"

    /// The endpoints with this path, for any method. Empty segments do not count, as in the router: `/livez/` is `/livez`.
    package static func endpoints(forPath path: String) -> [Endpoint] { byLiteralPath[path] ?? matching(path) }

    /// The endpoints by path, for paths without parameters: looked up on every request, most of which go to one of these.
    private static let byLiteralPath: [String: [Endpoint]] = Dictionary(
        all.lazy.map(\.path).filter { !$0.contains("{") }.map { ($0, matching($0)) }, uniquingKeysWith: { first, _ in first })

    private static func matching(_ path: String) -> [Endpoint] {
        let segments = path.split(separator: "/")
        return all.filter { endpoint in
            let template = endpoint.path.split(separator: "/")
            return template.count == segments.count
                && zip(template, segments).allSatisfy { $0.first == "{" || $0 == $1 }
        }
    }

    /// The methods that a path takes, for `Allow` of a 405; HEAD wherever GET is. `nil` if the path does not exist.
    package static func allowedMethods(forPath path: String) -> [HTTPRequest.Method]? {
        let methods = endpoints(forPath: path).map(\.method)
        guard !methods.isEmpty else { return nil }
        return methods.contains(.get) ? methods + [.head] : methods
    }

    /// Who may call; `nil` if the endpoint does not exist.
    package static func access(method: HTTPRequest.Method, path: String) -> Endpoint.Access? {
        endpoints(forPath: path).first { $0.method == (method == .head ? .get : method) }?.access
    }
}
