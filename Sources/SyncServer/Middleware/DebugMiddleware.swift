package import Hummingbird
import HTTPTypes
import Logging

/// The integration guide's debug mode (`APP_ENV=development`): what a request looked like, with keys left out. Bodies are personal
/// data and stay out too; the names of the headers and the size say what is needed to find a mistake.
package struct DebugMiddleware: RouterMiddleware {
    package typealias Context = SyncRequestContext

    /// Headers whose values are no secret and nobody's data.
    private static let shown: Set<HTTPField.Name> = [
        .contentType, .contentLength, .contentEncoding, .accept, .userAgent, .expect, .prefer, .traceparent, .tracestate,
        .tenantID,
        .syncSource,
    ]

    package init() {}

    package func handle(
        _ request: Request, context: SyncRequestContext,
        next: (Request, SyncRequestContext) async throws -> Response
    ) async throws -> Response {
        var headers: Logger.Metadata = [:]
        for field in request.headers {
            headers[field.name.canonicalName] = .string(DebugMiddleware.shown.contains(field.name) ? field.value : "(redacted)")
        }
        context.logger.debug(
            "full request details",
            metadata: [
                "method": .string(request.method.rawValue), "path": .string(request.uri.path), "headers": .dictionary(headers),
                "body": "(redacted)",
            ])
        return try await next(request, context)
    }
}
