package import ServiceLifecycle

/// What `start` returns; tests use its parts.
package struct AppInProcess: RunningApp {
    package let port: Int
    package let assembly: Assembly
    package let group: ServiceGroup
    package let running: Task<Void, any Error>

    package func stop() async throws {
        await group.triggerGracefulShutdown()
        let result = await running.result
        await assembly.close()
        try result.get()
    }
}
