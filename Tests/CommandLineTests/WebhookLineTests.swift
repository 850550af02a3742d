import SyncClient
import SyncModel
import TerminalUI
import Testing

@testable import usersync

@Suite("Webhooks, as listen shows them")
struct WebhookLineTests {
    private func line(_ body: String) -> String {
        WebhookReceiver.Event(receivedAt: Timestamp(seconds: 1_614_265_330), id: "m", body: Array(body.utf8), problem: nil)
            .line(style: Style(isOn: false)).rendered
    }

    @Test("a verified webhook of a later type, or with other data, is shown as one")
    func later() {
        #expect(
            line(#"{"type":"user_sync.archived","data":{"rows":[1]}}"#)
                == "15:02:10  ✔ user_sync.archived  verified, of a type that this version does not know")
        #expect(
            line(#"{"type":"user_sync.partial","data":{"message":"Half","jobId":"j","status":"half","tenant":{"id":"t"}}}"#)
                == "15:02:10  ✔ user_sync.partial  t  Half  job j  verified, of a type that this version does not know")
        #expect(
            line(#"{"type":"user_sync.completed","data":{"id":1}}"#)
                == "15:02:10  ✔ user_sync.completed  verified, but its data cannot be read")
        #expect(line(#"{"test":1}"#) == "15:02:10  ✔ verified, but the body is not a webhook of usersync")
    }

    @Test("a webhook of ours is shown in a line")
    func line() {
        let body =
            #"{"type":"user_sync.completed","data":{"message":"Synced 5 of 5 users","jobId":"j1","status":"completed","#
            + #""tenant":{"id":"acme","name":"Acme"}}}"#
        #expect(line(body) == "15:02:10  ✔ user_sync.completed  Acme  Synced 5 of 5 users  job j1")
    }
}
