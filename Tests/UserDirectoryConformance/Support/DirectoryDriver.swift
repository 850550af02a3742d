package import SyncModel
import TestSupport
package import Testing

/// A driver under test: how to make a directory of it with empty tables, prepared.
package struct DirectoryDriver: Sendable, CustomTestStringConvertible {
    package struct Options: Sendable {
        package var scope: EmailScope
        /// Days for which the removal of an unknown user is remembered.
        package var retentionDays = 7.0
        /// Whether a last pass rests after each of its steps, rather than after many.
        package var restsAlways = false
    }

    private let name: String
    /// Whether it makes the users of one tenant those of another.
    private let merges: Bool
    /// How many cases a seed of a property stands for: fewer where a directory is expensive to make.
    let casesPerSeed: Int
    private let open: @Sendable (Options) async throws -> any DirectoryFixture
    private var restsAlways = false

    package var testDescription: String { restsAlways ? "\(name), resting" : name }

    package init(
        name: String, merges: Bool = true, casesPerSeed: Int = 5,
        open: @escaping @Sendable (Options) async throws -> any DirectoryFixture
    ) {
        self.name = name
        self.merges = merges
        self.casesPerSeed = casesPerSeed
        self.open = open
    }

    func make(_ scope: EmailScope, retentionDays: Double = 7) async throws -> any DirectoryFixture {
        try await open(Options(scope: scope, retentionDays: retentionDays, restsAlways: restsAlways))
    }

    fileprivate static let registry = DriverRegistry<DirectoryDriver>()

    /// Every driver that the conformance suites run on.
    package static var all: [DirectoryDriver] { registry.drivers }

    static var allThatMerge: [DirectoryDriver] { all.filter(\.merges) }

    /// Those of `all`, and each once more with last passes that rest after each step.
    static var allAndResting: [DirectoryDriver] {
        all
            + all.map { driver in
                var resting = driver
                resting.restsAlways = true
                return resting
            }
    }
}

/// Has the conformance suites run on a driver as well. Given to a suite of the driver's test target:
///
/// ```swift
/// @Suite("UserDirectory, kept in SQLite", .conformance(of: .sqlite))
/// enum SQLiteConformance {}
/// ```
package struct DirectoryConformance: SuiteTrait {
    fileprivate init(_ driver: DirectoryDriver?) {
        if let driver { DirectoryDriver.registry.add(driver) }
    }
}

extension Trait where Self == DirectoryConformance {
    /// - Parameter isHere: whether the driver's database is on this machine.
    package static func conformance(of driver: DirectoryDriver, where isHere: Bool = true) -> Self {
        DirectoryConformance(isHere ? driver : nil)
    }
}
