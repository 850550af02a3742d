import Foundation
import TestSupport
import Testing

/// Many worlds, one after the other; the first that breaks a promise is made small and told.
///
/// `SIMULATION_SEED` plays that one world; `SIMULATION_SECONDS` plays fresh ones for so long.
enum Campaign {
    static func run(_ driver: Scenario.Driver, count: Int) async throws {
        let environment = ProcessInfo.processInfo.environment
        let again = environment["SIMULATION_SEED"].flatMap { UInt64($0) }
        let seconds = environment["SIMULATION_SECONDS"].flatMap { Double($0) }
        let start = ContinuousClock.now
        var steps = 0
        var worlds = 0
        func goesOn() -> Bool {
            if again != nil { return worlds < 1 }
            return seconds.map { start.duration(to: .now) < .seconds($0) } ?? (worlds < count)
        }
        while goesOn() {
            let seed = again ?? .random(in: 0...(.max))
            let scenario = Scenario(seed: seed, driver: driver)
            let verdict = try await World.play(scenario)
            steps += verdict.steps
            worlds += 1
            guard let failure = verdict.failure else { continue }
            print("World \(worlds): SIMULATION_SEED=\(seed) (\(driver)): \(failure)")
            let (small, told) = try await shrink(scenario)
            Issue.record(
                """
                SIMULATION_SEED=\(seed) (\(driver), world \(worlds)): \(failure)
                At its smallest: \(told.failure ?? "")
                \(small)
                \(told.trace.joined(separator: "\n"))
                """)
            return
        }
        print("\(worlds) worlds (\(driver)), \(steps) steps, \(start.duration(to: .now))")
    }

    /// Worlds played at most while a failing one is made small, and for how long.
    private static let mostTries = 600
    private static let patience = Duration.seconds(20)

    /// Leaves things out as long as a promise is broken still.
    private static func shrink(_ scenario: Scenario) async throws -> (Scenario, Verdict) {
        var small = scenario
        var verdict = try await World.play(scenario, keepsLines: true)
        var tries = 0
        let end = ContinuousClock.now + patience
        search: while tries < mostTries, ContinuousClock.now < end {
            for candidate in small.smaller where ContinuousClock.now < end {
                // Without what was left out the same steps may need other draws.
                for change in UInt64(0)..<6 {
                    tries += 1
                    var candidate = candidate
                    candidate.seed = small.seed &+ change
                    let found = try await World.play(candidate, keepsLines: true)
                    if found.failure != nil {
                        (small, verdict) = (candidate, found)
                        continue search
                    }
                }
            }
            break
        }
        return (small, verdict)
    }
}
