import Foundation
import Synchronization
import Testing

/// A property that holds whatever seed the random steps come from. A failure names its seed; `PROPERTY_SEED` repeats it,
/// `PROPERTY_RUNS` tries so many fresh ones.
package enum Property {
    /// The seeds of a run: `PROPERTY_SEED` alone, else `known` and fresh ones.
    /// - Parameter fresh: how many, unless `PROPERTY_RUNS` says so.
    package static func seeds(known: [UInt64] = [], fresh: Int) -> [UInt64] {
        if let again = number("PROPERTY_SEED") { return [again] }
        return known + (0..<(number("PROPERTY_RUNS") ?? UInt64(fresh))).map { _ in .random(in: 0...(.max)) }
    }

    private static func number(_ name: String) -> UInt64? {
        guard let text = ProcessInfo.processInfo.environment[name], !text.isEmpty else { return nil }
        guard let number = UInt64(text) else { preconditionFailure("\(name) is not a number") }
        return number
    }

    /// Records an issue if `body` fails, with the fewest steps with which it was seen to.
    /// - Parameter body: takes so many steps from the seed; fewer steps are the beginning of more.
    package static func holds(seed: UInt64, steps: Int, _ body: (_ steps: Int) async throws -> Void) async {
        guard var failure = await failure(of: body, steps) else { return }
        var fewest = steps
        var fewer = steps / 2
        while fewer > 0 {
            if fewest > fewer, let found = await Self.failure(of: body, fewest - fewer) {
                fewest -= fewer
                failure = found
            } else {
                fewer /= 2
            }
        }
        Issue.record("PROPERTY_SEED=\(seed) fails within \(fewest) of \(steps) steps: \(failure)")
    }

    /// The first issue of `body`. All of them are recorded as known ones: what they say is the issue that names the seed.
    private static func failure(of body: (_ steps: Int) async throws -> Void, _ steps: Int) async -> String? {
        let first = Mutex<String?>(nil)
        // What `body` throws is an issue too; all of them match, so nothing is left to be thrown.
        try? await withKnownIssue("while looking for the fewest steps: \(steps)", isIntermittent: true) {
            try await body(steps)
        } matching: { issue in
            first.withLock { if $0 == nil { $0 = "\(issue)" } }
            return true
        }
        return first.withLock { $0 }
    }
}
