import Foundation
import HTTPTypes
import ServerTestSupport
import SyncAPI
import SyncServer
import TestSupport
import Testing

@Suite("The OpenAPI document")
struct OpenAPITests {
    private let document = JSONValue(Data(OpenAPIDocument.json()))

    @Test("is valid OpenAPI 3.1, and its examples keep to its schemas")
    func valid() async throws {
        #expect(try await OpenAPIChecker.problems(document: OpenAPIDocument.json(), instances: []) == [])
    }

    @Test("the check finds what is wrong: a member the document does not name, one that is missing, a status it does not know")
    func checkFinds() async throws {
        let problems = try await OpenAPIChecker.problems(
            document: OpenAPIDocument.json(),
            instances: [
                .schema("Alive", Array(#"{"success":true,"status":"ok","more":1}"#.utf8)),
                .schema("Alive", Array(#"{"success":true}"#.utf8)),
                .answer("GET", "/livez", TestServer.Answer(status: 418, headers: [], body: Data())),
                .answer(
                    "GET", "/livez",
                    TestServer.Answer(
                        status: 200, headers: [("content-type", "application/json"), ("x-odd", "1")],
                        body: Data(#"{"success":true,"status":"ok"}"#.utf8))),
            ])
        #expect(problems.count == 4)
    }

    @Test("asks for no key exactly where everybody may call, and knows 403 exactly where operators may not")
    func security() {
        for route in RouteTable.all {
            let operation = document.paths[route.path][route.method.rawValue.lowercased()]
            switch route.access {
            case .open: #expect(operation.security.array.isEmpty && operation.security != .missing, "\(route.path)")
            case .wrapperToken: #expect(operation.security[0].keys == ["wrapperToken"], "\(route.path)")
            case .anyKey, .internalKey, .metrics: #expect(operation.security == .missing, "\(route.path)")
            }
            let statuses = operation.responses.keys
            #expect(statuses.contains("403") == [.internalKey, .wrapperToken].contains(route.access), "\(route.path)")
            #expect(statuses.contains("401") == (route.access != .open), "\(route.path)")
        }
    }

    @Test("knows everywhere what a connection refuses")
    func connection() {
        for route in RouteTable.all {
            let responses = document.paths[route.path][route.method.rawValue.lowercased()].responses
            for status in [400, 414, 431, 501, 505] {
                #expect(responses[String(status)] != .missing, "\(route.path) \(status)")
                #expect(document.components.responses["Error\(status)"] != .missing, "\(status)")
            }
        }
    }

    @Test("asks of a request no more and no less than the server does")
    func parameters() {
        let parameters = document.components.parameters
        #expect(parameters["X-Tenant-ID"].schema.minLength.int == 1)
        #expect(parameters["X-Request-ID"].schema.maxLength == .missing)
        for name in ["Since", "Until"] {
            #expect(parameters[name].schema.minLength.int == 10)
            #expect(parameters[name].schema.anyOf[0].format.string == "date-time")
            #expect(parameters[name].schema.anyOf[1].format.string == "date")
        }
    }

    @Test("is served as it is, to everybody, and names PUBLIC_URL as its server where that is set")
    func served() async throws {
        for url in [nil, "https://sync.example"] {
            try await TestServer.run(["PUBLIC_URL": url ?? ""]) { server in
                let answer = try await server.get("/openapi.json", headers: ["X-Internal-API-Key": ""])
                #expect(answer.status == 200 && answer.body == Data(OpenAPIDocument.json(publicURL: url)))
                #expect(answer.header("content-type") == "application/json; charset=utf-8")
                #expect(answer.json.servers[0].url.string == url ?? "/")
            }
        }
    }
}
