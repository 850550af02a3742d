package import Hummingbird
import HTTPTypes
import JobQueue
package import Logging
import NIOCore
import NIOHTTP1
package import SyncModel

/// The outermost layer: names the request, knows who calls, turns every error into an answer, logs and measures.
package struct EdgeMiddleware: RouterMiddleware {
    package typealias Context = SyncRequestContext

    private let clock: WallClock
    private let trustedProxies: [AddressRange]
    private let logger: Logger
    private let monotonic = ContinuousClock()
    private let durations = RequestDurations()

    package init(clock: WallClock, trustedProxies: [AddressRange], logger: Logger) {
        self.clock = clock
        self.trustedProxies = trustedProxies
        self.logger = logger
    }

    package func handle(
        _ request: Request, context: SyncRequestContext,
        next: (Request, SyncRequestContext) async throws -> Response
    ) async throws -> Response {
        let start = monotonic.now
        var context = context
        context.requestID = RequestIDRule.accept(request.headers[values: .requestID])
        context.clientAddress = ClientAddress.of(
            peer: context.channel.remoteAddress?.ipAddress, headers: request.headers, trusted: trustedProxies)
        context.logger = logger
        context.logger[metadataKey: "requestId"] = .string(context.requestID)
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = answer(to: error, request: request, context: context)
        }
        response.headers[.requestID] = context.requestID
        let seconds = Double((monotonic.now - start) / .microseconds(1)) / 1_000_000
        let route = context.endpointPath ?? "unknown"
        durations.record(seconds, method: request.method, route: route, status: response.status.code)
        context.logger.debug(
            "request answered",
            metadata: [
                "method": .string(request.method.rawValue), "path": .string(route),
                "status": .stringConvertible(response.status.code),
                "milliseconds": .stringConvertible((seconds * 1000 * 100).rounded() / 100),
            ])
        return response
    }

    private func answer(to error: any Error, request: Request, context: SyncRequestContext) -> Response {
        let known = apiError(error, request: request, context: context)
        var headers = known.headers
        if known.closesConnection { headers[.connection] = "close" }
        return .json(known.status, headers: headers, bytes: known.json(requestID: context.requestID, now: clock.now()))
    }

    private func apiError(_ error: any Error, request: Request, context: SyncRequestContext) -> APIError {
        switch error {
        case let error as APIError: return error
        case QueueError.unavailable(let reason):
            // The queue itself says once that it cannot be written.
            context.logger.debug("queue cannot be written", metadata: ["error": .string(reason)])
            return .unavailable("The queue cannot be written at the moment", retryAfter: 5)
        case QueueError.full(let reason): return .unavailable(reason, retryAfter: 10)
        case QueueError.badCursor: return .badRequest("cursor is not one this server gave out")
        case let error as any HTTPResponseError where error.status == .notFound:
            guard let allowed = RouteTable.allowedMethods(forPath: request.uri.path) else { return .notFound("Path") }
            return APIError(
                .methodNotAllowed, "Method not allowed",
                headers: [.allow: allowed.map(\.rawValue).joined(separator: ", ")], closesConnection: true)
        case let error as any HTTPResponseError where error.status.code < 500:
            return APIError(error.status, error.status.reasonPhrase, closesConnection: true)
        case is HTTPParserError, is IOError, is ChannelError:
            // The caller's framing is wrong, or the connection broke under the body: nobody else reads of the network here.
            var error = APIError.badRequest("The request did not arrive whole, or is not valid HTTP")
            error.closesConnection = true
            return error
        default:
            // Nothing a caller sends may come here; what does is ours to mend. The text stays in the log.
            context.logger.error("unexpected error", metadata: ["error": .string("\(type(of: error)): \(error)")])
            return APIError(.internalServerError, "Internal server error", closesConnection: true)
        }
    }
}
