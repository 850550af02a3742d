import Synchronization
package import Testing

/// The drivers that the conformance suites of a seam run on.
///
/// The suites are in a library that does not know the drivers; each driver's test target adds its own by a trait of a suite. Swift
/// Testing makes all suites with their traits before it evaluates the arguments of any test. A driver that came later would be left
/// out silently, so that is a failure.
package final class DriverRegistry<Driver: Sendable & CustomTestStringConvertible>: Sendable {
    private struct State {
        var drivers: [Driver] = []
        var isRead = false
    }

    private let state = Mutex(State())

    package init() {}

    package func add(_ driver: Driver) {
        state.withLock { state in
            // Suites may be made more than once in a run.
            guard !state.drivers.contains(where: { $0.testDescription == driver.testDescription }) else { return }
            precondition(!state.isRead, "\(driver.testDescription) comes after the tests were planned")
            state.drivers.append(driver)
        }
    }

    /// All drivers, by name.
    package var drivers: [Driver] {
        let drivers = state.withLock { state in
            state.isRead = true
            return state.drivers
        }
        precondition(!drivers.isEmpty, "conformance suites need a driver: a test target has to add one")
        return drivers.sorted { $0.testDescription < $1.testDescription }
    }
}
