import Hummingbird
import SyncAPI

extension RouterMethods {
    /// Answers a route of the API.
    func on(
        _ route: Route, use handler: @Sendable @escaping (Request, Context) async throws -> some ResponseGenerator
    ) {
        on(RouterPath(route.path), method: route.method, use: handler)
    }
}
