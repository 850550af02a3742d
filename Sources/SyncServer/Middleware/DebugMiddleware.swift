package import Hummingbird
import HTTPTypes
import Logging

/// The integration guide's debug mode (`APP_ENV=development`): logs what a request looked like, without keys. Bodies are personal
/// data and are left out too; the header names and the body's size are enough to find a mistake.
package struct DebugMiddleware: RouterMiddleware {
    package typealias Context = SyncRequestContext

    /// Headers whose values are neither secret nor personal.
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
