import Foundation

/// Seconds after which something counts as hung. A machine on which everything else is busy too takes a minute for what takes a
/// second otherwise, so this is no measure of speed. `TEST_HANG_SECONDS` shortens it where hanging is what is expected.
package let hangTime = ProcessInfo.processInfo.environment["TEST_HANG_SECONDS"].flatMap(Int64.init) ?? 240

/// Looks again and again until `condition` holds, for `seconds` at most.
/// - Returns: whether it came to hold.
package func eventually(_ seconds: Double = Double(hangTime), _ condition: () async throws -> Bool) async rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(20))
    }
    return try await condition()
}
