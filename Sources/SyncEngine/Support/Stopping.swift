import ServiceLifecycle

/// Returns once the graceful shutdown was asked for, or the task is cancelled. Starts no task of its own: it stays where its
/// caller runs.
func untilStopped() async {
    let (stops, stop) = AsyncStream.makeStream(of: Never.self)
    await withGracefulShutdownHandler {
        for await _ in stops {}
    } onGracefulShutdown: {
        stop.finish()
    }
}
