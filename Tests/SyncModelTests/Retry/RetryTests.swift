import SyncModel
import Testing

@Suite("When to try again")
struct RetryTests {
    @Test("a batch's delay doubles up to five minutes, with full jitter, and ends after ten tries")
    func batches() {
        let policy = RetryPolicy.batches
        let longest = (1...9).map { policy.delay(afterAttempt: $0, random: 1) }
        #expect(longest == [1, 2, 4, 8, 16, 32, 64, 128, 256])
        #expect(policy.delay(afterAttempt: 10, random: 0.5) == nil)
        #expect(policy.delay(afterAttempt: 11, random: 0.5) == nil)
        for attempt in 1...9 {
            #expect(policy.delay(afterAttempt: attempt, random: 0) == 0)
            #expect(policy.delay(afterAttempt: attempt, random: 0.25) == longest[attempt - 1].map { $0 / 4 })
        }
    }

    @Test("the delay stays under its cap, however many tries there are")
    func cap() {
        let policy = RetryPolicy(maxAttempts: .max, base: 1, cap: 300)
        for attempt in [9, 10, 31, 64, 1_000_000] { #expect((policy.delay(afterAttempt: attempt, random: 1) ?? 0) <= 300) }
        #expect(policy.delay(afterAttempt: 1_000_000, random: 1) == 300)
    }

    @Test("a number of tries that no batch can have is a delay like another")
    func damaged() {
        let policy = RetryPolicy(maxAttempts: 10, base: 1, cap: 300)
        for attempt in [Int.min, -1, 0] { #expect(policy.delay(afterAttempt: attempt, random: 1) == 1) }
        #expect(policy.delay(afterAttempt: .max, random: 1) == nil)
        #expect(DeliverySchedule.delay(afterAttempt: .max, random: 1) == nil)
        #expect(DeliverySchedule.delay(afterAttempt: .min, random: 1) == nil)
    }

    @Test("a webhook waits about 5 s, 30 s, 5 min, 30 min, 2 h, 5 h, 10 h, 24 h and is then dead")
    func deliveries() {
        #expect(DeliverySchedule.delays == [5, 30, 300, 1800, 7200, 18_000, 36_000, 86_400])
        for (n, delay) in DeliverySchedule.delays.enumerated() {
            #expect(abs((DeliverySchedule.delay(afterAttempt: n + 1, random: 0) ?? 0) - delay * 0.8) < 0.001)
            #expect(abs((DeliverySchedule.delay(afterAttempt: n + 1, random: 0.5) ?? 0) - delay) < 0.001)
            #expect((DeliverySchedule.delay(afterAttempt: n + 1, random: 0.999) ?? .infinity) < delay * 1.2)
        }
        #expect(DeliverySchedule.delay(afterAttempt: 9, random: 0.5) == nil)
        #expect(DeliverySchedule.delay(afterAttempt: 0, random: 0.5) == nil)
    }
}
