import ServiceLifecycle

/// Returns once graceful shutdown begins or the task is cancelled. Starts no task of its own: it stays on its caller's executor.
package func untilStopped() async {
    let (stops, stop) = AsyncStream.makeStream(of: Never.self)
    await withGracefulShutdownHandler {
        for await _ in stops {}
    } onGracefulShutdown: {
        stop.finish()
    }
}
