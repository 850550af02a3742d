import Foundation
import NIOCore
import TestSupport
import Testing

@testable import SyncClient

@Suite("Files that are read")
struct InputFileTests {
    private func bytes(_ file: InputFile) async throws -> [UInt8] {
        var all: [UInt8] = []
        while let chunk = try await file.next() {
            #expect(chunk.readableBytes > 0 && chunk.readableBytes <= InputFile.chunkBytes)
            all += chunk.readableBytesView
        }
        return all
    }

    private func gzipped(_ bytes: [UInt8]) throws -> [UInt8] {
        var out: [UInt8] = []
        var encoder = try GzipEncoder()
        try encoder.compress(bytes, isLast: true, into: &out)
        return out
    }

    @Test("gzip is inflated, of several members too and with zeros behind it, and can be read again")
    func gzip() async throws {
        let folder = try TemporaryDirectory()
        // More than a chunk out of a few bytes.
        let text = [UInt8](repeating: 0x61, count: 1_000_000)
        let packed = try gzipped(text) + gzipped(Array("b".utf8)) + [0, 0, 0]
        let file = try InputFile(path: folder.write("users.gz", Data(packed)))
        #expect(try await bytes(file) == text + [0x62])
        #expect(file.size == nil && file.canRewind)
        try file.rewind()
        #expect(file.size == nil)
        #expect(try await bytes(file) == text + [0x62])
    }

    @Test("gzip that is cut short or damaged, or has other bytes behind it, is refused by its file's name")
    func damaged() async throws {
        let folder = try TemporaryDirectory()
        let packed = try gzipped(Array("email,name\n".utf8))
        for (at, bad) in [
            packed.dropLast(1) + [], packed.prefix(2) + [], packed + [7], packed.dropLast(8) + [UInt8](repeating: 1, count: 8),
        ]
        .enumerated() {
            let path = try folder.write("\(at).gz", Data(bad))
            let file = try InputFile(path: path)
            await #expect {
                try await bytes(file)
            } throws: { "\($0)".hasPrefix("\(path) cannot be read: its gzip data") }
        }
    }

    @Test("a byte order mark is not part of the text, nor of the size", arguments: [false, true])
    func mark(isCompressed: Bool) async throws {
        let folder = try TemporaryDirectory()
        let text = Array("\u{FEFF}{}".utf8)
        let file = try InputFile(path: folder.write("x", Data(isCompressed ? gzipped(text) : text)))
        #expect(try await bytes(file) == Array("{}".utf8))
        #expect(file.size == (isCompressed ? nil : 2))
        try file.rewind()
        #expect(file.size == (isCompressed ? nil : 2))
        #expect(try await bytes(file) == Array("{}".utf8))
    }

    @Test("of a file that grows, what it had when it was opened is read; one that shrinks is refused")
    func changing() async throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write("x", "1234567890")
        let same = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        let opened = try InputFile(path: path)
        try same.seekToEnd()
        try same.write(contentsOf: Data("more".utf8))
        #expect(try await bytes(opened) == Array("1234567890".utf8))
        let shrinking = try InputFile(path: path)
        try same.truncate(atOffset: 3)
        await #expect { try await bytes(shrinking) } throws: { "\($0)" == "\(path) became shorter while it was read" }
    }
}
