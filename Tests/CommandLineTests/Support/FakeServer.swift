import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Answers as the contract says, from a script; for tests of the client. Takes what it is sent down to the byte.
actor FakeServer {
    static let key = "pdtmdGUa9OgBRqa27f5ilCcSwvOMYuFYiUGlmdS3D1g"
    static let job = "0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"

    struct Received {
        let path: String
        let headers: HTTPFields
        let body: [UInt8]
    }

    private(set) var received: [Received] = []
    /// What `jobs/{id}` answers, one a look; the last stays.
    private var looks: [String]
    private let answers: [String: (status: Int, body: String)]

    /// - Parameters:
    ///   - looks: the job, as it is seen one look after the other.
    ///   - answers: by `METHOD path`, in place of the usual ones.
    init(looks: [String] = [], answers: [String: (status: Int, body: String)] = [:]) {
        self.looks = looks
        self.answers = answers
    }

    /// Serves while `body` runs; hands it the address.
    func serve<Value: Sendable>(_ body: @escaping @Sendable (String) async throws -> Value) async throws -> Value {
        let router = Router()
        let respond: @Sendable (Request, BasicRequestContext) async throws -> Response = { request, _ in
            let bytes = try await request.body.collect(upTo: 256 << 20)
            return await self.answer(request, Array(bytes.readableBytesView))
        }
        router.get("/**", use: respond)
        router.post("/**", use: respond)
        let (ports, sink) = AsyncStream<Int>.makeStream()
        var logger = Logger(label: "fake")
        logger.logLevel = .critical
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { sink.yield($0.localAddress?.port ?? 0) }, logger: logger)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                try? await application.run()
                return nil
            }
            group.addTask {
                let port = await ports.first { _ in true }
                return try await body("http://127.0.0.1:\(port ?? 0)")
            }
            defer { group.cancelAll() }
            for try await value in group {
                if let value { return value }
            }
            throw CancellationError()
        }
    }

    private func answer(_ request: Request, _ body: [UInt8]) -> Response {
        let path = request.uri.path
        received.append(Received(path: request.uri.string, headers: request.headers, body: body))
        if let scripted = answers["\(request.method.rawValue) \(path)"] { return json(scripted.status, scripted.body) }
        guard HTTPField.Name("X-Internal-API-Key").flatMap({ request.headers[$0] }) == FakeServer.key else {
            return json(
                401,
                #"{"success":false,"error":"Unauthorized - Invalid API key","timestamp":"2025-08-19T10:00:00.000Z","requestId":"r1"}"#
            )
        }
        switch (request.method, path) {
        case (.post, "/api/internal/sync/users"):
            return json(
                202,
                #"{"success":true,"message":"Accepted 3 users for sync","jobId":"\#(FakeServer.job)","status":"queued","warnings":["unknown key users[].shoeSize"],"later":{}}"#
            )
        case (.get, "/api/internal/sync/jobs/\(FakeServer.job)"):
            return json(200, looks.count > 1 ? looks.removeFirst() : looks.first ?? "{}")
        case (.get, "/api/internal/sync/jobs/\(FakeServer.job)/results"):
            return json(
                200,
                #"{"results":[{"index":1,"userId":"u-2","email":"b@x.example","status":"failed","outcome":"failed","code":"email_in_other_tenant","error":"The email belongs to a user of another tenant"}],"nextCursor":null}"#
            )
        default:
            return json(404, #"{"success":false,"error":"Not found","timestamp":"2025-08-19T10:00:00.000Z","requestId":"r1"}"#)
        }
    }

    private func json(_ status: Int, _ body: String) -> Response {
        Response(
            status: .init(code: status), headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(string: body)))
    }

    /// A job as the server shows it.
    static func look(_ status: String, total: Int = 3, counts: [String: Int]) -> String {
        let figures = counts.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
        return """
            {"jobId":"\(job)","status":"\(status)","tenant":{"id":"acme","name":"Acme Ltd"},"operation":"user_sync","totalUsers":\(total),\
            \(figures.isEmpty ? "" : figures + ",")"metadata":{"operation":"user_sync","totalUsers":\(total),\(figures.isEmpty ? "" : figures + ",")"acceptedAt":"2025-08-19T10:00:00.000Z"},"progress":{"percent":1},"newer":[1]}
            """
    }
}
