package import Hummingbird
package import SyncModel

/// Lets in who sends a good key; decides on the headers alone (CONTRACT §1 "Who may call").
package struct AuthenticationMiddleware: RouterMiddleware {
    package typealias Context = SyncRequestContext

    /// Failures an address may have a minute before its wrong keys are answered with 429.
    package static let failuresPerMinute = 20

    private let keys: APIKeys
    private let failures: FixedWindowCounter
    private let clock: WallClock
    /// Whether an operator's key is enough.
    private let admitsOps: Bool

    package init(keys: APIKeys, failures: FixedWindowCounter, clock: WallClock, admitsOps: Bool) {
        self.keys = keys
        self.failures = failures
        self.clock = clock
        self.admitsOps = admitsOps
    }

    package func handle(
        _ request: Request, context: SyncRequestContext,
        next: (Request, SyncRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let key = try APIKeys.key(in: request.headers), let caller = keys.caller(sending: key) else {
            throw refusal(of: context.clientAddress)
        }
        guard admitsOps || caller.role == .internal else {
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
            return APIError(.unauthorized, "Unauthorized - Invalid API key", closesConnection: true)
        }
        return APIError(
            .tooManyRequests, "Too many failed attempts, please try again later",
            headers: [.retryAfter: String(reading.resetAfter)], closesConnection: true)
    }
}
