import Foundation
import ServerTestSupport

/// How hard the fault suite tries: bounded in every test run, in full with `FAULTS=full` (`sh Tests/Tools/faults.sh`).
enum FaultScale {
    static let isFull = ProcessInfo.processInfo.environment["FAULTS"] == "full"

    /// Under a sanitizer (`sh Tests/Tools/sanitize.sh`) a debug server is many times slower; what it is given comes slower too.
    static let isSanitized = CommandRunner.sanitizerOptions.keys.contains { $0.hasSuffix("SAN_OPTIONS") }

    static func pick<Value>(_ bounded: Value, full: Value) -> Value { isFull ? full : bounded }

    /// Minutes of a soak (`sh Tests/Tools/soak.sh`); `nil`: none is asked for.
    static let soakMinutes = ProcessInfo.processInfo.environment["FAULTS_SOAK"].flatMap { Double($0) }

    /// A seed to repeat a run with: `FAULT_SEED`, else a new one. Tests print it.
    static func seed() -> UInt64 {
        ProcessInfo.processInfo.environment["FAULT_SEED"].flatMap { UInt64($0) } ?? .random(in: 0...(.max))
    }
}
