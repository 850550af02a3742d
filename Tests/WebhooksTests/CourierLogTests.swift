import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("What the courier says of holds")
struct CourierLogTests {
    private let captured = CapturedLog()
    private let start = Timestamp(microseconds: 0)

    private func at(_ seconds: Int) -> Timestamp { start.advanced(bySeconds: Double(seconds)) }
    private func name(_ number: Int) -> String { "http://\(number).test" }

    /// What was said of a destination.
    private func lines(of number: Int) -> [String] {
        captured.lines.filter { $0.metadata["destination"] == name(number) }.map(\.message)
    }

    @Test("however many are held at once, each new hold is told once, and what it keeps does not grow")
    func many() {
        var log = CourierLog(captured.logger)
        let most = CourierLog.mostHolds
        for number in 0..<(most + 50) { log.held(name(number), until: at(1_000 + number), error: "HTTP 429", now: start) }
        // The same again, of one that came when it was full: it is known.
        log.held(name(most + 49), until: at(1_000 + most + 49), error: "HTTP 429", now: at(1))
        #expect((0..<(most + 50)).allSatisfy { lines(of: $0).count == 1 })
        #expect(log.knownHolds == most)
        log.goesOn(name(most + 49), now: at(2))
        #expect(lines(of: most + 49).count == 2, "that it goes on is told too")
        // Of those that it forgot, which would have ended first, it is not.
        log.goesOn(name(0), now: at(2))
        #expect(lines(of: 0).count == 1)
    }

    @Test("holds that are over make room for others first")
    func over() {
        var log = CourierLog(captured.logger)
        let most = CourierLog.mostHolds
        for number in 0..<most { log.held(name(number), until: at(number < 10 ? 5 : 1_000), error: "HTTP 429", now: start) }
        log.held(name(most), until: at(900), error: "HTTP 429", now: at(6))
        #expect(log.knownHolds == most - 9)
        log.goesOn(name(11), now: at(7))
        #expect(lines(of: 11).count == 2)
    }
}
