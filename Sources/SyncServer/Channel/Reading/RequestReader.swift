import NIOCore

/// Parses the bytes of a connection into requests, one part per call: what is not asked for stays bytes. It buffers no more than
/// a head, and stops at anything it does not understand.
///
/// NIO's decoder is not used: after `Upgrade` it stops parsing and buffers, it makes requests of everything that one read of the
/// socket holds (2,000 of them), does not say what it refuses and why, and alters bytes that are not UTF-8.
struct RequestReader: Sendable {
    enum Part: Sendable, Equatable {
        case needsMore
        case head(RequestHead)
        case body(ByteBuffer)
        /// The request is complete; the next one begins.
        case end
    }

    private enum Place {
        case head(HeadLines)
        case bytes(left: Int)
        case chunks(ChunkReader)
        case end
    }

    private var place = Place.head(HeadLines())

    /// The next part. After a refusal there are no more.
    mutating func next(_ buffer: inout ByteBuffer) throws(WireRefusal) -> Part {
        switch place {
        case .head(var lines):
            guard let length = try lines.scan(buffer) else {
                place = .head(lines)
                return .needsMore
            }
            let head = try RequestReader.head(buffer, lines.lines)
            buffer.moveReaderIndex(forwardBy: length)
            switch head.body {
            case .chunked: place = .chunks(ChunkReader())
            case .bytes(let count): place = count == 0 ? .end : .bytes(left: count)
            }
            return .head(head)
        case .bytes(let left):
            guard buffer.readableBytes > 0, let bytes = buffer.readSlice(length: min(left, buffer.readableBytes)) else {
                return .needsMore
            }
            place = bytes.readableBytes == left ? .end : .bytes(left: left - bytes.readableBytes)
            return .body(bytes)
        case .chunks(var chunks):
            let piece = try chunks.next(&buffer)
            place = .chunks(chunks)
            switch piece {
            case .needsMore: return .needsMore
            case .bytes(let bytes): return .body(bytes)
            case .end:
                place = .end
                return try next(&buffer)
            }
        case .end:
            place = .head(HeadLines())
            return .end
        }
    }

    private static func head(_ buffer: ByteBuffer, _ lines: [Range<Int>]) throws(WireRefusal) -> RequestHead {
        try buffer.withUnsafeReadableBytes { bytes throws(WireRefusal) in try RequestHead(bytes, lines: lines) }
    }
}

extension HeadLines {
    fileprivate mutating func scan(_ buffer: ByteBuffer) throws(WireRefusal) -> Int? {
        try buffer.withUnsafeReadableBytes { bytes throws(WireRefusal) in try scan(bytes) }
    }
}
