import HTTPTypes
package import Hummingbird

/// Cross-origin rules for the origins in `CORS_ALLOWED_ORIGINS`; not installed if that is empty.
package struct OriginMiddleware: RouterMiddleware {
    package typealias Context = SyncRequestContext

    private let origins: Set<String>

    package init(origins: [String]) { self.origins = Set(origins) }

    package func handle(
        _ request: Request, context: SyncRequestContext,
        next: (Request, SyncRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let origin = request.headers[.origin] else { return try await next(request, context) }
        let isAllowed = origins.contains(origin)
        if request.method == .options, request.headers[.accessControlRequestMethod] != nil, isAllowed {
            return Response(
                status: .noContent,
                headers: [
                    .accessControlAllowOrigin: origin, .vary: "Origin",
                    .accessControlAllowMethods: "GET, POST",
                    .accessControlAllowHeaders:
                        "Content-Type, Authorization, X-Internal-API-Key, X-Tenant-ID, X-Sync-Source, Idempotency-Key, Prefer, "
                        + "X-Request-ID, traceparent, tracestate",
                    .accessControlMaxAge: "600",
                ])
        }
        var response = try await next(request, context)
        response.headers[values: .vary] += ["Origin"]
        if isAllowed {
            response.headers[.accessControlAllowOrigin] = origin
            response.headers[.accessControlExposeHeaders] =
                "Location, Retry-After, Idempotent-Replayed, Preference-Applied, RateLimit, RateLimit-Policy, X-Request-ID"
        }
        return response
    }
}
