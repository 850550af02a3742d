import JobQueue
import SyncEngine
import SyncModel
import Synchronization

/// An engine that answers as it was told to.
final class FakeEngine: EngineControl {
    struct State {
        var status = EngineStatus(
            workersActive: 1, workersIdle: 3, usersPerSecond1m: 120.5, usersPerSecond5m: 80,
            directory: DirectoryHealth(state: .ok, since: WatchSamples.now, error: nil), draining: false)
        var cancel = CancelAnswer.unknown
        var retry = RetryRequest.unknown
        var testEvent: Delivery?
        var redelivered: [String] = []
        var knownDeliveries: Set<String> = []
    }
    let state: Mutex<State>

    init(_ state: State = State()) { self.state = Mutex(state) }

    func status() async -> EngineStatus { state.withLock { $0.status } }
    func cancel(_ id: JobID) async throws -> CancelAnswer { state.withLock { $0.cancel } }
    func retryFailed(of id: JobID, requestID: String) async throws -> RetryRequest { state.withLock { $0.retry } }
    func redeliver(_ id: String) async throws -> Bool {
        state.withLock { state in
            guard state.knownDeliveries.contains(id) else { return false }
            state.redelivered.append(id)
            return true
        }
    }
    func sendTestEvent(requestID: String) async throws -> Delivery? { state.withLock { $0.testEvent } }
    func ended(_ id: JobID, within seconds: Double) async -> Job? { nil }
}
