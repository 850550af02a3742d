import SyncAPI
import SyncModel
import Testing

@Suite("The answer to sending all dead webhooks again")
struct RedeliveryAnswerTests {
    @Test("says how many are due, and of those how many wait for their destination and until when")
    func message() {
        let end = Timestamp(microseconds: 1_790_000_000_000_000)
        for (document, message) in [
            (RedeliveryAnswerDocument(redelivered: 1), "1 webhook is due now"),
            (RedeliveryAnswerDocument(redelivered: 3), "3 webhooks are due now"),
            (
                RedeliveryAnswerDocument(redelivered: 3, waiting: 2, waitsUntil: end),
                "3 webhooks are due now; 2 of them wait until 2026-09-21T14:13:20.000Z at most, as their destination asked"
            ),
        ] {
            #expect(document.message == message)
        }
    }
}
