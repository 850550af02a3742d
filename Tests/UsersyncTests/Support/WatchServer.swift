import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Synchronization
import SyncModel
import SyncServer
import Testing

/// The watching controllers behind a real HTTP server on a random port.
struct WatchServer {
    let port: Int

    struct Options: Sendable {
        var isStarted = true
        var isQueueWritable = true
        var caller: Caller? = Caller(role: .ops, keyID: "0a1b2c3d")
        var publicURL: String?
        var log: LogRecorder?
    }

    /// Runs the server while `body` runs; ends after the last connection has, so a stream that does not stop shows.
    @discardableResult
    static func run<Value: Sendable>(
        queue: FakeQueue = FakeQueue(), engine: FakeEngine = FakeEngine(), options: Options = Options(),
        _ body: @Sendable (WatchServer) async throws -> Value
    ) async throws -> Value {
        let (ports, opened) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router(queue: queue, engine: engine, options: options),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in opened.yield(channel.localAddress?.port ?? 0) },
            logger: options.log?.logger ?? Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let group = ServiceGroup(
            services: [application], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { opened.finish() }
                try await group.run()
            }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            let value: Value
            do {
                value = try await body(WatchServer(port: port))
            } catch {
                tasks.cancelAll()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return value
        }
    }

    static func router(queue: FakeQueue, engine: FakeEngine, options: Options) -> Router<SyncRequestContext> {
        let clock = WallClock { WatchSamples.now }
        let router = Router(context: SyncRequestContext.self, options: [.autoGenerateHeadEndpoints])
        router.add(middleware: Edge(caller: options.caller))
        let views = JobViews(queue: queue, links: JobLinks(publicURL: options.publicURL), clock: clock)
        StatusController(queue: queue, engine: engine, clock: clock).addRoutes(to: router)
        JobsController(queue: queue, engine: engine, views: views).addRoutes(to: router)
        DeliveriesController(queue: queue, engine: engine).addRoutes(to: router)
        HealthController(
            engine: engine, isStarted: { options.isStarted }, isQueueWritable: { options.isQueueWritable }, clock: clock
        ).addRoutes(to: router)
        MetricsController(render: {
            QueueMetrics.render(
                queue: queue.state.withLock { $0.statistics }, engine: engine.state.withLock { $0.status }, now: WatchSamples.now)
        }).addRoutes(to: router)
        OpenAPIController().addRoutes(to: router)
        return router
    }

    /// What the server's own middleware does, as far as answers show it: request id, caller, errors.
    private struct Edge: RouterMiddleware {
        let caller: Caller?

        func handle(
            _ request: Request, context: SyncRequestContext,
            next: (Request, SyncRequestContext) async throws -> Response
        ) async throws -> Response {
            var context = context
            context.requestID = "request-of-the-test"
            context.caller = caller
            do {
                return try await next(request, context)
            } catch let error as APIError {
                return .json(
                    error.status, headers: error.headers, bytes: error.json(requestID: context.requestID, now: WatchSamples.now))
            }
        }
    }
}

/// An answer, all of it.
struct Answer: Sendable {
    var status: Int
    var headers: [String: String]
    var body: Data

    var text: String { String(decoding: body, as: UTF8.self) }
    func object() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: body) as? [String: Any])
    }
}

extension WatchServer {
    func send(_ method: String, _ target: String, accept: String? = nil) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(target)")
        request.method = .RAW(value: method)
        if let accept { request.headers.add(name: "Accept", value: accept) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let body = try await response.body.collect(upTo: 64 << 20)
        let headers = Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }) { $0 + ", " + $1 }
        return Answer(status: Int(response.status.code), headers: headers, body: Data(body.readableBytesView))
    }

    func get(_ target: String, accept: String? = nil) async throws -> Answer { try await send("GET", target, accept: accept) }
    func post(_ target: String) async throws -> Answer { try await send("POST", target) }
}

/// Keeps what is logged.
final class LogRecorder: Sendable {
    struct Line: Sendable {
        var level: Logger.Level
        var message: String
        var metadata: [String: String]
    }
    private let recorded = Mutex<[Line]>([])

    var lines: [Line] { recorded.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in Handler(recorder: self) } }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { "\($0)" }
            recorder.recorded.withLock {
                $0.append(Line(level: event.level, message: event.message.description, metadata: all))
            }
        }
    }
}
