import HTTPTypes
import Testing

@testable import SyncServer

@Suite("Whose turn it is on a connection")
struct ConnectionStateTests {
    private func head(_ method: HTTPRequest.Method = .post, keepsAlive: Bool = true, isHTTP10: Bool = false, waits: Bool = false)
        -> RequestHead
    {
        RequestHead(
            request: HTTPRequest(method: method, scheme: "http", authority: "x", path: "/"), isHTTP10: isHTTP10,
            keepsAlive: keepsAlive, awaitsContinue: waits, body: .bytes(5))
    }

    /// Takes what a step that changes the state has said; the macro itself may not change anything.
    private func expect(_ isSo: Bool, at location: SourceLocation = #_sourceLocation) {
        #expect(isSo, sourceLocation: location)
    }

    @Test("a request is read, then answered, then the next is read")
    func turns() {
        var state = ConnectionState()
        state.headArrived(head())
        expect(state.inbound == .body && state.isAnswerDue)
        expect(state.bodyEnded() == .goOn && state.inbound == .held)
        expect(state.answerBegins(saysClose: false, hasLength: true) == .implied)
        expect(state.answerEnded() == .awaitHead && state.inbound == .head && !state.isAnswerDue)
    }

    @Test("the rest of a body behind its answer is discarded, and the next request read where the connection goes on")
    func discard() {
        for closes in [false, true] {
            var state = ConnectionState()
            state.headArrived(head())
            expect(state.answerBegins(saysClose: closes, hasLength: true) == (closes ? .closes : .implied))
            expect(state.answerEnded() == .discard && state.inbound == .unwantedBody)
            expect(state.bodyEnded() == (closes ? .close : .awaitHead))
        }
    }

    @Test("close of the caller, of the answer, of HTTP/1.0 and of a process that stops all close behind the answer")
    func closes() {
        let heads = [head(keepsAlive: false), head(), head(isHTTP10: true), head()]
        for (number, head) in heads.enumerated() {
            var state = ConnectionState()
            state.headArrived(head)
            if number == 3 { expect(!state.quiesce()) }
            _ = state.bodyEnded()
            expect(state.answerBegins(saysClose: number == 1, hasLength: number != 2) == .closes)
            expect(state.answerEnded() == .close && state.inbound == .dropped)
        }
        var idle = ConnectionState()
        expect(idle.quiesce())
        var kept = ConnectionState()
        kept.headArrived(head(isHTTP10: true))
        _ = kept.bodyEnded()
        expect(kept.answerBegins(saysClose: false, hasLength: true) == .says)
    }

    @Test("who waits for 100 Continue is told once, and closed on where the body was never wanted")
    func waits() {
        var told = ConnectionState()
        told.headArrived(head(waits: true))
        let (first, second) = (told.bodyWanted(), told.bodyWanted())
        expect(first && !second)
        expect(told.answerBegins(saysClose: false, hasLength: true) == .implied)
        var unwanted = ConnectionState()
        unwanted.headArrived(head(waits: true))
        expect(unwanted.answerBegins(saysClose: false, hasLength: true) == .closes)
    }

    @Test("a broken body is told to whoever answers, and nothing is read behind it")
    func broken() {
        var state = ConnectionState()
        state.headArrived(head())
        expect(state.bodyBroke() && state.inbound == .dropped)
        expect(state.answerBegins(saysClose: false, hasLength: true) == .closes)
        expect(state.answerEnded() == .close)
        var answered = ConnectionState()
        answered.headArrived(head())
        _ = answered.answerEnded()
        expect(!answered.bodyBroke())
    }

    @Test("a body is cut off while it arrives, once")
    func cutOff() {
        var state = ConnectionState()
        expect(!state.cutOff())
        state.headArrived(head())
        expect(state.cutOff() && state.inbound == .unwantedBody)
        expect(!state.cutOff())
        expect(state.answerEnded() == .discard)
        expect(state.bodyEnded() == .close)
    }
}
