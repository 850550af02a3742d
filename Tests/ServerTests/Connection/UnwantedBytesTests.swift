import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("Bytes that nobody asked for")
struct UnwantedBytesTests {
    /// Sends `head` and then more than is ever taken; returns how much went out before the connection ended, in bytes.
    private func flood(_ port: Int, _ head: String, _ piece: [UInt8], limit: Int = 160 << 20) async throws -> (
        sent: Int, answer: String
    ) {
        let caller = try await RawCaller.connect(port: port)
        await caller.send(head)
        var sent = 0
        while sent < limit, !caller.isClosed {
            await caller.send(piece)
            sent += piece.count
        }
        let isClosed = await eventually(10) { caller.isClosed }
        #expect(isClosed, "\(head.prefix(60).debugDescription) goes on")
        await caller.close()
        return (sent, caller.answer)
    }

    @Test("whatever is sent without a key and without an end, memory does not grow and the connection ends")
    func floods() async throws {
        try await TestServer.inFolder { folder, receiver in
            let server = try await ServerProcess.start(folder: folder, receiver: receiver)
            let rubbish = [UInt8](repeating: 0x61, count: 1 << 20)
            let chunk = Array("10000\r\n".utf8) + [UInt8](repeating: 0x61, count: 0x10000) + Array("\r\n".utf8)
            let chunks = Array(repeating: chunk, count: 16).flatMap(\.self)
            let upgrade = "Host: x\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n"
            let floods: [(String, String, [UInt8])] = [
                ("behind an upgrade", "GET /livez HTTP/1.1\r\n" + upgrade, rubbish),
                ("behind an upgrade with a body", "GET /livez HTTP/1.1\r\nContent-Length: 5\r\n" + upgrade + "hello", rubbish),
                ("behind a CONNECT", "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n", rubbish),
                ("a body without an end", "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\n\r\n", rubbish),
                ("a body to nowhere", "POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\n\r\n", rubbish),
                ("chunks without an end", "GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", chunks),
                (
                    "a chunk extension without an end", "GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;",
                    rubbish
                ),
                (
                    "a trailer without an end", "GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
                    rubbish
                ),
                ("a head without an end", "GET /livez HTTP/1.1\r\nX: ", rubbish),
            ]
            let before = server.memory
            for (what, head, piece) in floods {
                let (sent, answer) = try await flood(server.port, head, piece)
                #expect(answer.hasPrefix("HTTP/1.1 "), "\(what)")
                // What is in the sockets is not taken, only sent.
                #expect(sent < 120 << 20, "\(what): \(sent >> 20) MiB")
                #expect(server.memory < before + 32 << 20, "\(what): \(server.memory >> 20) MiB, \(before >> 20) before")
            }
            #expect(await server.terminate(within: 25) == 0)
        }
    }
}
