package import HTTPTypes

/// One endpoint of the API: its method and path, who may call it, and what it does.
///
/// The router, the answer to a wrong method, authentication and the OpenAPI document follow from this value. A group of endpoints is
/// a file of its own; `RouteTable` puts the groups together.
package struct Endpoint: Sendable, Hashable {
    package let method: HTTPRequest.Method
    /// With `{id}` for the parameter, as OpenAPI and the router write it.
    package let path: String
    package let access: Access
    /// Made when it is asked for: an endpoint is copied for every request, and only the OpenAPI document needs this.
    let operation: @Sendable () -> OpenAPIOperation
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
        /// A token that `WRAPPER_SECRET_KEY` has signed; without that setting, the endpoint does not exist.
        case wrapperToken
        /// Any valid key; anyone with `METRICS_PUBLIC=true`.
        case metrics
    }

    init(
        _ method: HTTPRequest.Method, _ path: String, _ access: Access,
        _ operation: @escaping @Sendable @autoclosure () -> OpenAPIOperation
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.operation = operation
        parts = path.firstRange(of: "{id}").map { (String(path[..<$0.lowerBound]), String(path[$0.upperBound...])) }
    }

    /// The path of one job or delivery; of an endpoint without a parameter, its path.
    /// - Parameter id: an id that needs no escaping in a path: a job's, or a delivery's.
    package func path(of id: String) -> String { parts.map { "\($0.head)\(id)\($0.tail)" } ?? path }

    package static func == (a: Endpoint, b: Endpoint) -> Bool { a.method == b.method && a.path == b.path }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(method)
        hasher.combine(path)
    }
}
