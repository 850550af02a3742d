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
    private let failures: FixedWindowCounter
    private let clock: WallClock
    private let metricsPublic: Bool
    private let register: ConnectionRegister?

    /// - Parameters:
    ///   - metricsPublic: `METRICS_PUBLIC`.
    ///   - register: learns which connections have carried a good key.
    package init(keys: APIKeys, metricsPublic: Bool, clock: WallClock, register: ConnectionRegister? = nil) {
        self.register = register
        self.keys = keys
        self.metricsPublic = metricsPublic
        self.clock = clock
        failures = FixedWindowCounter(window: 60)
    }

    package func handle(
        _ request: Request, context: SyncRequestContext,
        next: (Request, SyncRequestContext) async throws -> Response
    ) async throws -> Response {
        switch RouteTable.access(method: request.method, path: request.uri.path) {
        case nil, .open: return try await next(request, context)
        case .metrics where metricsPublic: return try await next(request, context)
        case .anyKey, .metrics, .internalKey: break
        }
        guard let key = try APIKeys.key(in: request.headers), let caller = keys.caller(sending: key) else {
            throw refusal(of: context.clientAddress)
        }
        register?.vouch(for: context.channel)
        if caller.role == .ops, RouteTable.access(method: request.method, path: request.uri.path) == .internalKey {
            throw APIError(
                .forbidden, "Forbidden", details: .text("This key may read and steer, not submit"), closesConnection: true)
        }
        var context = context
        context.caller = caller
        context.logger[metadataKey: "keyId"] = .string(caller.keyID)
        return try await next(request, context)
    }

    private func refusal(of address: String) -> APIError {
        let reading = failures.count(
            ClientAddress.failureKey(address), limit: AuthenticationMiddleware.failuresPerMinute, now: clock.now())
        guard reading.used > AuthenticationMiddleware.failuresPerMinute else {
            return APIError(
                .unauthorized, "Unauthorized - Invalid API key", headers: [.wwwAuthenticate: #"Bearer realm="usersync""#],
                closesConnection: true)
        }
        return APIError(
            .tooManyRequests, "Too many failed attempts, please try again later",
            headers: [.retryAfter: String(reading.resetAfter)], closesConnection: true)
    }
}
