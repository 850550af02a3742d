import Foundation
import HTTPTypes
import SyncAPI
import TestSupport
import Testing

@Suite("The endpoints")
struct RouteTests {
    @Test("are those of the contract's page, each once")
    func contract() throws {
        let page = try String(
            contentsOf: Repository.root.appending(path: "Sources/usersync/Documentation.docc/Contract.md"), encoding: .utf8)
        let table = page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { $0.split(separator: " | ")[0] }
        let listed = table.flatMap { $0.matches(of: /`((?:GET|POST) [^`]+)`/).map { String($0.output.1) } }
        let endpoints = RouteTable.all.map { "\($0.method.rawValue) \($0.path)" }
        #expect(endpoints.sorted() == listed.sorted())
        #expect(Set(endpoints).count == endpoints.count)
    }

    @Test("lead back to themselves by their path, for any id", arguments: RouteTable.all)
    func paths(endpoint: Endpoint) {
        for id in ["0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "msg_1", "x"] {
            let path = endpoint.path(of: id)
            #expect(path == endpoint.path.replacing("{id}", with: id))
            #expect(RouteTable.endpoints(forPath: path).contains(endpoint))
            #expect(RouteTable.access(method: endpoint.method, path: path) == endpoint.access)
        }
    }
}
