import SyncAPI
import SyncModel
import Testing

@Suite("The answer to sending all dead webhooks again")
struct RedeliveryAnswerTests {
    @Test("says how many are due, and of those how many wait for what and until when")
    func message() {
        let end = Timestamp(microseconds: 1_790_000_000_000_000)
        for (document, message) in [
            (RedeliveryAnswerDocument(redelivered: 1), "1 webhook is due now"),
            (RedeliveryAnswerDocument(redelivered: 3), "3 webhooks are due now"),
            (
                RedeliveryAnswerDocument(redelivered: 3, waiting: 2, waitsUntil: end),
                "3 webhooks are sent again; 2 of them wait until 2026-09-21T14:13:20.000Z at most, as the destination asked"
            ),
            (
                RedeliveryAnswerDocument(redelivered: 4, waiting: 3, behind: 3),
                "4 webhooks are sent again; 3 of them wait for an earlier webhook of the tenant"
            ),
            (
                RedeliveryAnswerDocument(redelivered: 4, waiting: 2, behind: 1, waitsUntil: end),
                """
                4 webhooks are sent again; 1 of them waits for an earlier webhook of the tenant; \
                1 of them waits until 2026-09-21T14:13:20.000Z at most, as the destination asked
                """
            ),
        ] {
            #expect(document.message == message)
        }
    }
}
