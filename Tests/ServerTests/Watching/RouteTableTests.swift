import HTTPTypes
import Hummingbird
import ServerTestSupport
import SyncAPI
import SyncServer
import TestSupport
import Testing

@Suite("The table of routes")
struct RouteTableTests {
    @Test("names every route the server has and no other, and so does the OpenAPI document")
    func registration() async throws {
        let table = Set(RouteTable.all.map { "\($0.method.rawValue) \($0.path)" })
        #expect(table.count == RouteTable.all.count)
        try await TestServer.run { server in
            let routes = HTTPServer.router(server.dependencies()).routes
            #expect(Set(routes.map { "\($0.method.rawValue) \($0.path)" }) == table)
            let paths = try await server.get("/openapi.json").json.paths
            let described = paths.keys.flatMap { path in paths[path].keys.map { "\($0.uppercased()) \(path)" } }
            #expect(Set(described) == table)
        }
    }

    @Test(
        "knows the methods of a path",
        arguments: [
            ("/api/internal/sync/users", ["POST"]), ("/api/internal/sync/jobs", ["GET", "HEAD"]),
            ("/api/internal/sync/jobs/anything", ["GET", "HEAD"]), ("/api/internal/sync/jobs/x/retry", ["POST"]),
            ("/api/internal/sync/deliveries/test", ["POST"]), ("/livez/", ["GET", "HEAD"]), ("//livez", ["GET", "HEAD"]),
        ])
    func methods(path: String, methods: [String]) {
        #expect(RouteTable.allowedMethods(forPath: path)?.map(\.rawValue) == methods)
    }

    @Test("does not know other paths", arguments: ["/", "", "/api", "/api/internal/sync/jobs/x/y", "/LIVEZ", "/metrics/x"])
    func unknown(path: String) {
        #expect(RouteTable.allowedMethods(forPath: path) == nil)
    }

    @Test("lets operators do everything but submit, and everybody only look whether the server lives and how it is called")
    func access() {
        #expect(RouteTable.access(method: .post, path: "/api/internal/sync/users") == .internalKey)
        #expect(RouteTable.access(method: .post, path: "/api/internal/sync/remove-user") == .internalKey)
        #expect(RouteTable.access(method: .head, path: "/metrics") == .metrics)
        #expect(RouteTable.access(method: .post, path: "/livez") == nil)
        let open = RouteTable.all.filter { $0.access == .open }.map(\.path)
        #expect(open == ["/livez", "/readyz", "/openapi.json"])
        #expect(RouteTable.all.count { $0.access == .internalKey } == 2)
    }
}
