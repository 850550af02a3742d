import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing

@testable import SyncServer

@Suite("Two readers see the same requests")
struct ReaderAgreementTests {
    private static let corpus = [
        "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "HEAD /b?c=d HTTP/1.1\r\nHost: x:80\r\nAccept: */*\r\n\r\n",
        "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        "PUT /d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n",
        "POST /e HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n",
        "DELETE /f HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
    ]
    private static let pieces: [[UInt8]] = [
        "\r\n", "\n", "\r", " ", "\t", ":", ";", "0", "5", "\r\n\r\n", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n",
        "Host: y\r\n", ",", "\u{0}", "é", "\"", "GET / HTTP/1.1\r\n", "-", "+", "x", "\u{B}",
    ].map { Array($0.utf8) }

    /// What our reader makes of the bytes; `nil` where it refuses any of them, or waits for more.
    private func ours(_ bytes: [UInt8]) -> [String]? {
        var reader = RequestReader()
        var buffer = ByteBuffer(bytes: bytes)
        var requests: [String] = []
        var isWhole = true
        do {
            while true {
                switch try reader.next(&buffer) {
                case .needsMore: return isWhole && buffer.readableBytes == 0 ? requests : nil
                case .head(let head):
                    requests.append("\(head.request.method.rawValue) \(head.request.path ?? "") ")
                    isWhole = false
                case .body(let bytes): requests[requests.count - 1] += String(buffer: bytes)
                case .end: isWhole = true
                }
            }
        } catch {
            return nil
        }
    }

    /// What NIO's decoder makes of them; `nil` where it refuses any of them.
    private func theirs(_ bytes: [UInt8]) -> [String]? {
        let channel = EmbeddedChannel()
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        var requests: [String] = []
        do {
            try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
            try channel.writeInbound(ByteBuffer(bytes: bytes))
            while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
                switch part {
                case .head(let head): requests.append("\(head.method.rawValue) \(head.uri) ")
                case .body(let bytes): requests[requests.count - 1] += String(buffer: bytes)
                case .end: break
                }
            }
        } catch {
            return nil
        }
        return requests
    }

    @Test("what is taken here and by NIO's decoder is cut the same way by both")
    func agreement() async {
        for seed in Property.seeds(known: [1, 2, 3], fresh: 5) {
            await Property.holds(seed: seed, steps: 1500) { steps in
                var random = SeededGenerator(seed: seed)
                var taken = 0
                for _ in 0..<steps {
                    var bytes = (0..<Int.random(in: 1...3, using: &random)).flatMap { _ in
                        Array(Self.corpus[Int.random(in: 0..<Self.corpus.count, using: &random)].utf8)
                    }
                    for _ in 0..<Int.random(in: 0...2, using: &random) { mutate(&bytes, &random) }
                    // What one of them refuses cannot be cut in two ways.
                    guard let ours = ours(bytes), let theirs = theirs(bytes) else { continue }
                    taken += 1
                    let text = String(decoding: bytes, as: UTF8.self)
                    #expect(ours == theirs, "\(text.debugDescription)")
                }
                // It would agree about nothing too.
                if steps == 1500 { #expect(taken > 300) }
            }
        }
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes.insert(contentsOf: Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &random)], at: at)
        case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...4, using: &random)))
        case 2: bytes[at] = UInt8.random(in: 0...255, using: &random)
        default: bytes[at] ^= 0x20
        }
        if bytes.isEmpty { bytes = [0x0A] }
    }
}
