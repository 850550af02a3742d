import CSQLiteSettings
import Foundation
import SyncModel
import UserDirectory

/// What `Tests/Tools/instructions.sh` counts the instructions of: the reader of request bodies, and the directory's `apply`.
///
/// Bodies come from files, so that their making is not counted. The same input takes the same steps: no wall time, no randomness.
@main
enum InstructionCounts {
    private static let usage = """
        usage: InstructionCounts body create|update|unchanged USERS    writes a body to standard output
               InstructionCounts read BODY                             reads it and cuts it into batches
               InstructionCounts apply OUTCOME BODY DATABASE           the same, and applies them; each user must have the outcome
        """

    static func main() {
        let done = DispatchSemaphore(value: 0)
        // Not an `async` main function: its thread would end in `sigsuspend`, which valgrind 3.19 does not survive. Detached,
        // since this one waits.
        Task.detached {
            do { try await run() } catch { fail("\(error)") }
            done.signal()
        }
        done.wait()
    }

    private static func run() async throws {
        // As the server does.
        _ = usersync_sqlite_without_memory_statistics()
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch (arguments.first, arguments.dropFirst().count) {
        case ("body", 2):
            guard let kind = SampleBody.Kind(rawValue: arguments[1]), let users = Int(arguments[2]), users > 0 else {
                fail(usage)
            }
            SampleBody(kind, users: users).write(to: .standardOutput)
        case ("read", 1):
            _ = try BodyIntake.read(arguments[1])
        case ("apply", 3):
            let outcomes = try await JobRun.apply(try BodyIntake.read(arguments[2]), to: arguments[3])
            guard outcomes.allSatisfy({ $0.word == arguments[1] }) else { fail("not every user is \(arguments[1])") }
        default: fail(usage)
        }
    }

    private static func fail(_ text: String) -> Never {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
        exit(2)
    }
}
