import ServerTestSupport
import SyncModel
import Synchronization
import UserDirectory
import TestSupport
import UserDirectorySQLite

/// A directory whose calls take their time: some begin late, some come back late, and of some the caller loses patience, though
/// they are carried out all the same, whenever. It delays and does nothing else; the work is the real directory's.
final class LateDirectory: DirectoryInFront {
    private enum Fate {
        case prompt
        case beginsLate(Duration)
        case endsLate(Duration)
        /// The caller is told that the call failed; it begins after so long.
        case givenUp(Duration)
    }

    private struct State {
        var random: SeededGenerator
        var late: [Task<Void, Never>] = []
        var givenUp = 0

        mutating func fate(_ impatience: Double) -> Fate {
            let pause = Duration.milliseconds(Int.random(in: 0..<60, using: &random))
            if Double.random(in: 0..<1, using: &random) < impatience { return .givenUp(pause * 5) }
            return switch Int.random(in: 0..<3, using: &random) {
            case 0: .prompt
            case 1: .beginsLate(pause)
            default: .endsLate(pause)
            }
        }
    }

    let base: SQLiteUserDirectory
    /// The share of calls that are given up.
    private let impatience: Double
    private let state: Mutex<State>

    init(_ base: SQLiteUserDirectory, impatience: Double, random: SeededGenerator) {
        self.base = base
        self.impatience = impatience
        state = Mutex(State(random: random))
    }

    /// Calls whose caller did not wait for them.
    var givenUp: Int { state.withLock { $0.givenUp } }

    /// Waits until every call that was given up has been carried out.
    func settle() async {
        for task in state.withLock({ $0.late }) { await task.value }
    }

    func apply(
        _ batches: [BatchWork], closeEarly: @escaping @Sendable () -> Bool
    ) async throws(DirectoryError) -> [BatchApplied] {
        switch state.withLock({ $0.fate(impatience) }) {
        case .prompt: break
        case .beginsLate(let pause): try? await Task.sleep(for: pause)
        case .endsLate(let pause):
            let applied = try await base.apply(batches, closeEarly: closeEarly)
            try? await Task.sleep(for: pause)
            return applied
        case .givenUp(let pause):
            // Unstructured, like a call whose caller has gone.
            let late = Task { [base] in
                try? await Task.sleep(for: pause)
                _ = try? await base.apply(batches, closeEarly: { false })
            }
            state.withLock { state in
                state.late.append(late)
                state.givenUp += 1
            }
            throw .transient("no answer in time")
        }
        return try await base.apply(batches, closeEarly: closeEarly)
    }
}
