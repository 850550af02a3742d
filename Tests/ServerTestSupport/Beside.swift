import ServiceLifecycle
package import SyncServer
import usersync

/// A further HTTP server on the parts of a running one.
package struct Beside {
    package let port: Int
    private let group: ServiceGroup
    private let running: Task<Void, any Error>

    package static func start(_ dependencies: HTTPServer.Dependencies) async throws -> Beside {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let application = HTTPServer.application(dependencies) { port.yield($0) }
        let group = ServiceGroup(services: [application], logger: dependencies.logger)
        // Unstructured: it outlives this call; `stop` waits for it.
        let running = Task { try await group.run() }
        for await port in ports { return Beside(port: port, group: group, running: running) }
        throw CommandFailure("the server did not start")
    }

    package func stop() async throws {
        await group.triggerGracefulShutdown()
        try await running.value
    }
}
