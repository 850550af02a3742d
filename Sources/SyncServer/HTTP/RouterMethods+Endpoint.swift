import Hummingbird
import SyncAPI

extension RouterMethods {
    /// Answers an endpoint of the API.
    func on(
        _ endpoint: Endpoint, use handler: @Sendable @escaping (Request, Context) async throws -> some ResponseGenerator
    ) {
        on(RouterPath(endpoint.path), method: endpoint.method, use: handler)
    }
}
