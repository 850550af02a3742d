import HTTPTypes
import SyncAPI
import Testing

@Suite("The routes")
struct RouteTests {
    @Test("are the contract's")
    func contract() {
        #expect(
            RouteTable.all.map { "\($0.method.rawValue) \($0.path)" } == [
                "POST /api/internal/sync/users", "POST /api/internal/sync/remove-user", "GET /api/internal/sync/status",
                "GET /api/internal/sync/jobs", "GET /api/internal/sync/jobs/{id}", "GET /api/internal/sync/jobs/{id}/results",
                "POST /api/internal/sync/jobs/{id}/retry", "POST /api/internal/sync/jobs/{id}/cancel",
                "GET /api/internal/sync/deliveries", "POST /api/internal/sync/deliveries/test",
                "POST /api/internal/sync/deliveries/{id}/redeliver", "GET /api/health", "GET /api/internal/health", "GET /livez",
                "GET /readyz", "GET /metrics", "GET /openapi.json",
            ])
    }

    @Test("lead back to themselves by their path, for any id", arguments: RouteTable.all)
    func paths(route: Route) {
        for id in ["0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "msg_1", "x"] {
            let path = route.path(of: id)
            #expect(path == route.path.replacing("{id}", with: id))
            #expect(RouteTable.routes(forPath: path).contains(route))
            #expect(RouteTable.access(method: route.method, path: path) == route.access)
        }
    }
}
