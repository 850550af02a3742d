/// A server running in this process.
package protocol RunningApp: Sendable {
    /// The port it listens on.
    var port: Int { get }
    /// Stops it as SIGTERM would; returns once it has stopped.
    func stop() async throws
}
