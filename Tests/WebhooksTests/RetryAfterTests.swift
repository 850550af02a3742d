import JobQueue
import SyncModel
import Testing

@testable import Webhooks

@Suite("What follows from an attempt")
struct RetryAfterTests {
    /// Sun, 06 Nov 1994 08:49:37 GMT
    let date = Timestamp(seconds: 784_111_777)

    @Test("seconds are read, capped at a day")
    func seconds() {
        for (text, value) in [
            ("0", 0), ("120", 120), (" 7 ", 7), ("86401", 86_400), ("999999999999999999999999", 86_400), ("-1", nil),
            ("1.5", nil),
            ("", nil), ("soon", nil), ("0x10", nil),
        ] as [(String, Double?)] {
            #expect(RetryAfter.seconds(text, now: date) == value, "\(text)")
        }
    }

    @Test(
        "all three forms of an HTTP date are read",
        arguments: ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])
    func dates(text: String) {
        #expect(RetryAfter.seconds(text, now: date.advanced(bySeconds: -90)) == 90)
        #expect(RetryAfter.seconds(text, now: date.advanced(bySeconds: 5)) == 0)
        #expect(RetryAfter.seconds(text, now: date.advanced(bySeconds: -1_000_000)) == 86_400)
    }

    @Test(
        "what only looks like a date is nothing",
        arguments: [
            "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT", "06 Nov 1994",
            "Sun, 06 Nov 1994 25:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT",
        ])
    func noDates(text: String) { #expect(RetryAfter.seconds(text, now: date) == nil) }

    @Test("the schedule's delays follow each other, then the delivery is dead")
    func schedule() {
        let failed = WebhookSender.Outcome(status: 503, error: "HTTP 503")
        for (n, delay) in DeliverySchedule.delays.enumerated() {
            #expect(
                next(after: failed, attempt: n + 1)
                    == .retry(at: date.advanced(bySeconds: delay)))
        }
        let last = DeliverySchedule.delays.count + 1
        #expect(next(after: failed, attempt: last) == .dead)
    }

    @Test("Retry-After lengthens the delay and never shortens it")
    func longer() {
        func next(_ value: String) -> DeliveryAttempt.Next {
            self.next(after: .init(status: 500, error: "HTTP 500", retryAfter: value), attempt: 2)
        }
        #expect(next("600") == .retry(at: date.advanced(bySeconds: 600)))
        #expect(next("0") == .retry(at: date.advanced(bySeconds: 30)))
        #expect(next("nonsense") == .retry(at: date.advanced(bySeconds: 30)))
        #expect(next("864000") == .retry(at: date.advanced(bySeconds: 86_400)))
    }

    @Test("410 is dead at the first attempt, 2xx is delivered, and who asks to wait costs no attempt, not even the last")
    func ends() {
        #expect(next(after: .init(status: 410, error: "HTTP 410", isHopeless: true), attempt: 1) == .dead)
        #expect(next(after: .init(status: 204), attempt: 9) == .delivered)
        #expect(next(after: .init(status: 429, error: "HTTP 429"), attempt: 9) == .putOff)
        #expect(next(after: .init(status: 503, error: "HTTP 503", retryAfter: "9"), attempt: 9) == .putOff)
    }

    private func next(after outcome: WebhookSender.Outcome, attempt: Int) -> DeliveryAttempt.Next {
        let answer = DestinationAnswer(outcome, isConfiguredURL: true, now: date)
        return DeliveryDecision.next(after: outcome, answer, attempt: attempt, now: date, random: 0.5)
    }

    @Test("a destination is scheme, host and port, whatever follows")
    func destination() {
        for (url, destination) in [
            ("https://A.example.com/x/y?z", "https://a.example.com"), ("http://a:8080", "http://a:8080"),
            ("https://a?x=/y", "https://a"), ("https://[::1]:9/x", "https://[::1]:9"), ("", ""), ("odd", "odd"),
            ("https://h:443/x", "https://h"), ("https://h./x", "https://h"), ("https://H.:443", "https://h"),
            ("https://h.:8443/", "https://h:8443"), ("https://h:80/", "https://h:80"), ("http://h:80/", "http://h"),
            ("http://h.:443/", "http://h:443"), ("https://[::1]:443/", "https://[::1]"), ("https://[::1]/", "https://[::1]"),
            ("https://.", "https://."), ("http://h:", "http://h:"), (":", ":"), (".", ""),
        ] {
            let delivery = NewDelivery(
                id: "d", jobID: nil, type: "t", url: url, isConfiguredURL: true, body: [], tenantID: nil, source: nil,
                traceparent: nil)
            #expect(delivery.destination == destination)
            #expect(DeliveryHead.destination(of: destination) == destination)
        }
    }
}
