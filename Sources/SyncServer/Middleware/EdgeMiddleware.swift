import HTTPTypes
package import Hummingbird
import JobQueue
package import Logging
import NIOCore
import SyncAPI
package import SyncModel

/// The outermost middleware: assigns the request id, finds the caller's address, turns errors into answers, logs and measures.
package struct EdgeMiddleware: RouterMiddleware {
    package typealias Context = SyncRequestContext

    private let clock: WallClock
    private let trustedProxies: [AddressRange]
    private let logger: Logger
    private let answers: AnswerRecord
    private let monotonic = ContinuousClock()

    package init(clock: WallClock, trustedProxies: [AddressRange], logger: Logger, answers: AnswerRecord) {
        self.clock = clock
        self.trustedProxies = trustedProxies
        self.logger = logger
        self.answers = answers
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
        var refusal: String?
        do {
            response = isAboutServer(request) ? aboutServer : try await next(request, context)
        } catch {
            let known = apiError(error, request: request, context: context)
            refusal = known.sentence
            response = answer(known, context: context)
        }
        response.headers[.requestID] = context.requestID
        let seconds = Double((monotonic.now - start) / .microseconds(1)) / 1_000_000
        answers.note(
            AnswerRecord.Answer(
                method: request.method, route: context.endpointPath, status: response.status.code, seconds: seconds,
                requestID: context.requestID, refusal: refusal), context.logger)
        return response
    }

    /// `OPTIONS *` asks about the server as a whole (RFC 9110, section 9.3.7).
    private func isAboutServer(_ request: Request) -> Bool { request.method == .options && request.uri.string == "*" }
    private var aboutServer: Response { Response(status: .noContent, headers: [.allow: RouteTable.methods]) }

    private func answer(_ known: APIError, context: SyncRequestContext) -> Response {
        var headers = known.headers
        if known.closesConnection { headers[.connection] = "close" }
        let document = known.document(requestID: context.requestID, now: clock.now())
        return .json(known.status, headers: headers, document: document)
    }

    private func apiError(_ error: any Error, request: Request, context: SyncRequestContext) -> APIError {
        switch error {
        case let error as APIError: return error
        case QueueError.unavailable(let reason):
            // The queue itself logs once that it cannot be written.
            context.logger.debug("queue cannot be written", metadata: ["error": .string(reason)])
            return .unavailable("The queue cannot be written at the moment", retryAfter: 5)
        case QueueError.damaged(let reason):
            context.logger.error("queue is damaged", metadata: ["error": .string(reason)])
            return .unavailable("What the queue holds of this is damaged", retryAfter: 60)
        case QueueError.full(let reason): return .unavailable(reason, retryAfter: 10)
        case QueueError.claimLost:
            return APIError(
                .conflict, "Conflict", details: .text("Another request with this Idempotency-Key came before this one had ended"),
                headers: [.retryAfter: "1"])
        case QueueError.badCursor: return .badRequest("cursor is not one this server gave out")
        case let error as any HTTPResponseError where error.status == .notFound:
            guard let allowed = RouteTable.allowedMethods(forPath: request.uri.path) else { return .notFound("Path") }
            return APIError(
                .methodNotAllowed, "Method not allowed",
                headers: [.allow: allowed.map(\.rawValue).joined(separator: ", ")], closesConnection: true)
        case let error as any HTTPResponseError where error.status.code < 500:
            return APIError(error.status, error.status.reasonPhrase, closesConnection: true)
        case let error as BrokenBody: return error.refusal.apiError
        case is IOError, is ChannelError:
            // The connection broke while the body arrived: nothing else reads from the network here.
            var error = APIError.badRequest("The request did not arrive whole")
            error.closesConnection = true
            return error
        default:
            // No request should lead here; if one does, it is a bug of ours. The text stays in the log.
            context.logger.error("unexpected error", metadata: ["error": .string("\(type(of: error)): \(error)")])
            return APIError(.internalServerError, "Internal server error", closesConnection: true)
        }
    }
}
