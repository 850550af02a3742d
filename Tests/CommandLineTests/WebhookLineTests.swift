import SyncClient
import SyncModel
import TerminalUI
import Testing

@testable import usersync

@Suite("Webhooks, as listen shows them")
struct WebhookLineTests {
    @Test("a webhook of ours is shown in a line")
    func line() {
        let body =
            #"{"type":"user_sync.completed","data":{"message":"Synced 5 of 5 users","jobId":"j1","status":"completed","#
            + #""tenant":{"id":"acme","name":"Acme"}}}"#
        let event = WebhookReceiver.Event(
            receivedAt: Timestamp(seconds: 1_614_265_330), id: "m", body: Array(body.utf8), problem: nil)
        #expect(
            event.line(style: Style(isOn: false))
                == "15:02:10  ✔ user_sync.completed  Acme  Synced 5 of 5 users  job j1")
    }
}
