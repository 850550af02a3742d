import SyncModel

/// A server that runs in this process.
protocol RunningApp: Sendable {
    /// The port it listens on.
    var port: Int { get }
    /// Stops it as SIGTERM would; returns once it has stopped.
    func stop() async throws
}

/// The wiring of queue, directory, engine and server.
enum UsersyncApp {
    /// Runs the server until SIGTERM or SIGINT.
    static func run(settings: Settings) async throws {
        throw CommandFailure("the server is not wired in this build")
    }

    /// Starts the server and returns once it answers.
    static func start(settings: Settings) async throws -> any RunningApp {
        throw CommandFailure("the server is not wired in this build")
    }
}
