package import Hummingbird
import Logging
import SyncAPI
package import SyncModel

/// Admits requests with a good key; decides on the headers alone (Contract.md, "Who may call").
package struct AuthenticationMiddleware: RouterMiddleware {
    package typealias Context = SyncRequestContext

    /// Failures per minute an address may have before its wrong keys are answered with 429.
    package static let failuresPerMinute = 20

    private let keys: APIKeys
    private let tokens: WrapperTokens
    private let failures: FixedWindowCounter
    private let clock: WallClock
    private let metricsPublic: Bool
    private let register: ConnectionRegister?

    /// - Parameters:
    ///   - tokens: of the platform's calls of version 2.
    ///   - metricsPublic: `METRICS_PUBLIC`.
    ///   - register: learns which connections have carried a good key.
    package init(
        keys: APIKeys, tokens: WrapperTokens, metricsPublic: Bool, clock: WallClock, register: ConnectionRegister? = nil
    ) {
        self.register = register
        self.keys = keys
        self.tokens = tokens
        self.metricsPublic = metricsPublic
        self.clock = clock
        failures = FixedWindowCounter(window: 60)
    }

    package func handle(
        _ request: Request, context: SyncRequestContext,
        next: (Request, SyncRequestContext) async throws -> Response
    ) async throws -> Response {
        let access = RouteTable.access(method: request.method, path: request.uri.path)
        if tokens.isEmpty, access == .wrapperToken || access == nil && isOfTokens(request.uri.path) {
            throw APIError.notFound("Path")
        }
        switch access {
        case nil, .open: return try await next(request, context)
        case .metrics where metricsPublic: return try await next(request, context)
        case .anyKey, .metrics, .internalKey, .wrapperToken: break
        }
        let caller = try access == .wrapperToken ? token(of: request, context) : key(of: request, context)
        register?.vouch(for: context.channel)
        if caller.role == .ops, access == .internalKey {
            throw APIError(
                .forbidden, "Forbidden", details: .text("This key may read and steer, not submit"), closesConnection: true)
        }
        var context = context
        context.caller = caller
        context.logger[metadataKey: "keyId"] = .string(caller.keyID)
        return try await next(request, context)
    }

    /// Whether the path is one of tokens, by whatever method.
    private func isOfTokens(_ path: String) -> Bool {
        RouteTable.endpoints(forPath: path).contains { $0.access == .wrapperToken }
    }

    private func key(of request: Request, _ context: SyncRequestContext) throws -> Caller {
        if let key = try APIKeys.key(in: request.headers), let caller = keys.caller(sending: key) { return caller }
        let wrongKey = APIError(
            .unauthorized, "Unauthorized - Invalid API key", headers: [.wwwAuthenticate: #"Bearer realm="usersync""#],
            closesConnection: true)
        throw refusal(wrongKey, of: context.clientAddress)
    }

    private func token(of request: Request, _ context: SyncRequestContext) throws -> Caller {
        do throws(APIError) {
            return try tokens.caller(in: request.headers, now: clock.now())
        } catch {
            throw error.status == .unauthorized ? refusal(error, of: context.clientAddress) : error
        }
    }

    /// Counts a failure: `error`, until the address has had too many.
    private func refusal(_ error: APIError, of address: String) -> APIError {
        let reading = failures.count(
            ClientAddress.failureKey(address), limit: AuthenticationMiddleware.failuresPerMinute, now: clock.now())
        guard reading.used > AuthenticationMiddleware.failuresPerMinute else { return error }
        return APIError(
            .tooManyRequests, "Too many failed attempts, please try again later",
            headers: [.retryAfter: String(reading.resetAfter)], closesConnection: true)
    }
}
