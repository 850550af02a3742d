import NIOCore
import SyncAPI

/// Parses the chunks of a body (RFC 9112, section 7.1), strictly: any spelling that another reader may understand differently is
/// refused. Extensions and trailers are skipped, within limits.
struct ChunkReader: Sendable {
    enum Piece: Sendable, Equatable {
        case needsMore
        case bytes(ByteBuffer)
        case end
    }

    private enum Place {
        case size
        case data(left: Int)
        case dataEnd
        case trailer
    }

    /// The longest line with a chunk's size and its extensions, in bytes.
    private static let maxLine = 4 << 10
    /// Digits of a chunk's size, leading zeros included.
    private static let maxDigits = 32
    /// Bytes of overhead allowed per byte of the body: chunks of one byte need five.
    private static let overheadRatio = 16
    private static let freeOverhead = 64 << 10

    private var place = Place.size
    private var overhead = 0
    private var payload = 0
    private var trailers = TrailerLimit()

    mutating func next(_ buffer: inout ByteBuffer) throws(WireRefusal) -> Piece {
        while true {
            switch place {
            case .size:
                guard
                    let line = try ChunkReader.line(
                        &buffer, limit: ChunkReader.maxLine, .malformed("A chunk's first line is too long"))
                else { return .needsMore }
                try count(line.readableBytes + 2)
                let size = try ChunkReader.size(line)
                place = size == 0 ? .trailer : .data(left: size)
            case .data(let left):
                guard let bytes = buffer.readSlice(length: min(left, buffer.readableBytes)), bytes.readableBytes > 0 else {
                    return .needsMore
                }
                payload += bytes.readableBytes
                place = bytes.readableBytes == left ? .dataEnd : .data(left: left - bytes.readableBytes)
                return .bytes(bytes)
            case .dataEnd:
                guard let end = buffer.readBytes(length: 2) else { return .needsMore }
                guard end == [0x0D, 0x0A] else { throw .malformed("A chunk is longer than it says") }
                try count(2)
                place = .size
            case .trailer:
                guard let line = try ChunkReader.line(&buffer, limit: RequestHeadLimits.field, TrailerLimit.tooLong) else {
                    return .needsMore
                }
                try trailers.count(line.readableBytes)
                if line.readableBytes == 0 { return .end }
                try checkTrailer(line)
            }
        }
    }

    private mutating func count(_ bytes: Int) throws(WireRefusal) {
        overhead += bytes
        guard overhead <= ChunkReader.freeOverhead + ChunkReader.overheadRatio * payload else {
            throw .malformed("The body has more chunk lines and extensions than content")
        }
    }

    /// A line without its end; `nil` until it is complete.
    /// - Parameters:
    ///   - limit: bytes it may have, without its end.
    ///   - refusal: thrown if it has more.
    private static func line(_ buffer: inout ByteBuffer, limit: Int, _ refusal: WireRefusal) throws(WireRefusal) -> ByteBuffer? {
        let view = buffer.readableBytesView
        guard let end = view.firstIndex(of: 0x0A) else {
            // Half of the line's end may be here already.
            guard view.count - (view.last == 0x0D ? 1 : 0) <= limit else { throw refusal }
            return nil
        }
        let length = end - view.startIndex - 1
        guard length >= 0, view[end - 1] == 0x0D else { throw .malformed("A line of the chunked body does not end with CR LF") }
        guard length <= limit, let line = buffer.readSlice(length: length) else { throw refusal }
        buffer.moveReaderIndex(forwardBy: 2)
        guard line.readableBytesView.allSatisfy(FieldSyntax.isValue) else {
            throw .malformed("A line of the chunked body holds a control character")
        }
        return line
    }

    /// A trailer must be a field, and not one that says where a body ends (RFC 9110, section 6.5.1). Its content is ignored.
    private func checkTrailer(_ line: ByteBuffer) throws(WireRefusal) {
        var fields = FieldReading()
        try line.withUnsafeReadableBytes { bytes throws(WireRefusal) in try fields.add(bytes[...]) }
        guard !fields.governsFraming else { throw .malformed("A trailer says where the body ends") }
    }

    /// Hexadecimal digits, at most 15 after leading zeros, then nothing or extensions.
    private static func size(_ line: ByteBuffer) throws(WireRefusal) -> Int {
        let bytes = line.readableBytesView
        let digits = bytes.prefix { FieldSyntax.hexDigit($0) != nil }
        let significant = digits.drop { $0 == 0x30 }
        guard (1...ChunkReader.maxDigits).contains(digits.count), significant.count <= 15,
            ChunkExtensions.areWhole(bytes[digits.endIndex...])
        else { throw .malformed("A chunk does not begin with its size") }
        return significant.reduce(0) { $0 << 4 | Int(FieldSyntax.hexDigit($1) ?? 0) }
    }
}
