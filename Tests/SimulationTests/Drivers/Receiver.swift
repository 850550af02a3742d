import Synchronization

/// The wrapper's end of the webhooks, with the spells of its destinations; it outlives the processes.
final class Receiver: Sendable {
    enum Answer: Sendable {
        /// So much later.
        case takes(after: Duration)
        /// - Parameter status: `nil`: nobody listens.
        case refuses(status: Int?, retryAfter: Int?)
    }

    private struct State {
        var taken: [String: Int] = [:]
        /// What a destination took in the present window of a spell, by the number of the spell.
        var windows: [Int: (number: Int, taken: Int)] = [:]
    }

    private let spells: [Spell]
    private let state = Mutex(State())

    init(spells: [Spell]) { self.spells = spells }

    /// How often each delivery was taken.
    var counts: [String: Int] { state.withLock { $0.taken } }

    func take(_ id: String) { state.withLock { $0.taken[id, default: 0] += 1 } }

    /// How a destination answers a request.
    func answer(_ origin: String, at now: Duration) -> Answer {
        let found = spells.enumerated().first { _, spell in
            Scenario.origin(of: spell.destination) == origin && .milliseconds(spell.start) <= now
                && now < .milliseconds(spell.end)
        }
        guard let (number, spell) = found else { return .takes(after: .zero) }
        switch spell.kind {
        case .down: return .refuses(status: nil, retryAfter: nil)
        case .fails(let status): return .refuses(status: status, retryAfter: nil)
        case .slow(let pause): return .takes(after: .milliseconds(pause))
        case .limits(let most, let seconds, let status, let advice):
            let passed = Int((now - .milliseconds(spell.start)) / .seconds(1))
            let mayTake = state.withLock { state in
                var window = state.windows[number] ?? (0, 0)
                if window.number != passed / seconds { window = (passed / seconds, 0) }
                guard window.taken < most else { return false }
                window.taken += 1
                state.windows[number] = window
                return true
            }
            if mayTake { return .takes(after: .zero) }
            return .refuses(status: status, retryAfter: advice.seconds(left: seconds - passed % seconds))
        }
    }
}

extension Spell.Advice {
    fileprivate func seconds(left: Int) -> Int? {
        switch self {
        case .nothing: nil
        case .truth: left
        case .seconds(let seconds): seconds
        }
    }
}
