import NIOCore
import SyncAPI

/// Turns a file's bytes into the integration guide's request, chunk by chunk.
protocol BodyEncoder {
    mutating func encode(_ chunk: ByteBuffer, into out: inout [UInt8]) throws
    mutating func finish(into out: inout [UInt8]) throws
    /// Notes about the file for the user; complete once it is finished.
    var remarks: [String] { get }
}

/// One user per line. Each line's brackets are checked, so that a truncated one is reported by its number.
struct NDJSONEncoder: BodyEncoder {
    /// A user has at most 64 KiB; a longer line than this cannot be one.
    private static let maxLineBytes = 1024 * 1024

    private let frame: SyncRequestFrame
    private var line: [UInt8] = []
    private var number = 0
    private var endsWithCR = false
    private var users = 0
    let remarks: [String] = []

    init(frame: SyncRequestFrame) { self.frame = frame }

    mutating func encode(_ chunk: ByteBuffer, into out: inout [UInt8]) throws {
        var rest = chunk.readableBytesView[...]
        // JSON has no CR within a string: alone, it ends a line as well.
        while let end = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
            line += rest[..<end]
            if rest[end] == 0x0D || !endsWithCR || !line.isEmpty { try endLine(into: &out) }
            endsWithCR = rest[end] == 0x0D
            rest = rest[(end + 1)...]
        }
        if !rest.isEmpty { endsWithCR = false }
        line += rest
        if line.count > NDJSONEncoder.maxLineBytes { throw ClientFailure("line \(number + 1) has no end: is this NDJSON?") }
    }

    mutating func finish(into out: inout [UInt8]) throws {
        if !line.isEmpty { try endLine(into: &out) }
        if users == 0 { out += frame.head }
        out += frame.tail
    }

    private mutating func endLine(into out: inout [UInt8]) throws {
        number += 1
        defer { line.removeAll(keepingCapacity: true) }
        if number == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        var user = line[...]
        user = user.drop(while: isSpace)
        while let last = user.last, isSpace(last) { user.removeLast() }
        if user.isEmpty { return }
        guard user.isWholeJSON(opening: [0x7B]) else { throw ClientFailure("line \(number) is not one whole JSON object") }
        out += users == 0 ? frame.head : [0x2C]
        out += user
        users += 1
    }
}
