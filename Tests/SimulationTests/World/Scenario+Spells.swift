import TestSupport

extension Scenario {
    /// Destinations of webhooks.
    static let destinations = 2

    /// Scheme and host of a destination.
    static func origin(of destination: Int) -> String { "https://receiver-\(destination).example" }

    /// Seconds between two sweeps and two rounds of maintenance: more where a world goes on for long, or even for hours.
    var sweepSeconds: Double {
        guard let end = spells.map(\.end).max() else { return 5 }
        return end < 300_000 ? 30 : 600
    }

    /// Seconds within which everything has ended once nothing goes wrong any more: ten minutes; after a spell the longest pause that
    /// the schedule has reached in it, a wait that was asked for, and a probe.
    var patience: Double {
        let length = spells.map { Double($0.end) / 1_000 }.max() ?? 0
        return length > 0 ? 12 * length + 4_500 : 600
    }

    /// Whether no attempt at a webhook can have been in vain: nothing was lost, cut off or timed out.
    var sendsOnce: Bool {
        faults.areNone
            && events.allSatisfy { event in
                switch event.what {
                case .kill, .stop: false
                case .cancel, .retryFailed, .outage, .merge, .cancelMerges, .forgetName: true
                }
            }
            && spells.allSatisfy { if case .slow = $0.kind { false } else { true } }
    }

    /// Draws how the destinations behave, and that processes end meanwhile. From a generator of its own: the rest of an older seed's
    /// scenario stays what it was.
    mutating func drawSpells() {
        var random = SeededGenerator(seed: seed &* 0x2545_F491_4F6C_DD1D &+ 1)
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        guard number(1...3) == 1 else { return }
        let isLong = number(1...24) == 1
        for destination in 0..<Self.destinations {
            var start = number(0...2_000)
            for _ in 0..<(isLong ? 1 : number(0...3)) {
                let length = isLong ? number(600_000...7_200_000) : number(500...60_000)
                spells.append(
                    Spell(destination: destination, start: start, end: start + length, kind: Self.drawSpell(&random)))
                start += length + number(0...5_000)
            }
        }
        guard let end = spells.map(\.end).max() else { return }
        var ends: [(at: Int, what: Event)] = []
        for _ in 0..<number(0...3) {
            let process = number(0...2)
            ends.append((number(0...end), number(0...2) == 0 ? .stop(process: process) : .kill(process: process)))
        }
        events = (events + ends).sorted { $0.at < $1.at }
    }

    private static func drawSpell(_ random: inout SeededGenerator) -> Spell.Kind {
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        switch number(0...7) {
        case 0, 1: return .down
        case 2: return .fails(status: [500, 503][number(0...1)])
        case 3: return .slow(number(100...20_000))
        default:
            let advice: Spell.Advice = [.nothing, .truth, .seconds([0, 1, 5, 30, 600][number(0...4)])][number(0...2)]
            // 503 alone does not ask to wait: it is a failure of each delivery that it meets.
            let status = advice == .nothing ? 429 : [429, 503][number(0...1)]
            return .limits(number(0...3), seconds: number(1...20), status: status, says: advice)
        }
    }
}
