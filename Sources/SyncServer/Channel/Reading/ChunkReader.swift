import NIOCore

/// Takes the chunks of a body apart (RFC 9112, section 7.1), strictly: what is spelled in a way that another reader may see
/// otherwise is refused. Extensions and trailers are read over, in bounds.
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

    /// Bytes of a line with a chunk's size and its extensions.
    private static let maxLine = 4 << 10
    private static let maxTrailers = 32 << 10
    /// Bytes beside the body that come with so many of it at most: chunks of one byte need five of their own.
    private static let overheadRatio = 16
    private static let freeOverhead = 64 << 10

    private var place = Place.size
    private var overhead = 0
    private var payload = 0
    private var trailers = 0

    mutating func next(_ buffer: inout ByteBuffer) throws(WireRefusal) -> Piece {
        while true {
            switch place {
            case .size:
                guard let line = try line(&buffer, limit: ChunkReader.maxLine) else { return .needsMore }
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
                guard let line = try line(&buffer, limit: ChunkReader.maxTrailers) else { return .needsMore }
                trailers += line.readableBytes + 2
                guard trailers <= ChunkReader.maxTrailers else { throw .malformed("The trailers of the body are too large") }
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

    /// A line without its end; `nil` while it is not whole.
    private func line(_ buffer: inout ByteBuffer, limit: Int) throws(WireRefusal) -> ByteBuffer? {
        let view = buffer.readableBytesView
        guard let end = view.firstIndex(of: 0x0A) else {
            guard view.count <= limit else { throw .malformed("A line of the chunked body is too long") }
            return nil
        }
        let length = end - view.startIndex
        guard length >= 1, length <= limit, view[end - 1] == 0x0D, let line = buffer.readSlice(length: length - 1) else {
            throw .malformed("A line of the chunked body does not end with CR LF")
        }
        buffer.moveReaderIndex(forwardBy: 2)
        guard line.readableBytesView.allSatisfy(FieldSyntax.isValue) else {
            throw .malformed("A line of the chunked body holds a control character")
        }
        return line
    }

    /// A trailer is a field, and none that says where a body ends (RFC 9110, section 6.5.1). Nobody here wants what it says.
    private func checkTrailer(_ line: ByteBuffer) throws(WireRefusal) {
        var fields = FieldReading()
        try line.withUnsafeReadableBytes { bytes throws(WireRefusal) in try fields.add(bytes[...]) }
        guard !fields.governsFraming else { throw .malformed("A trailer says where the body ends") }
    }

    /// Up to 15 hexadecimal digits, then nothing, or extensions.
    private static func size(_ line: ByteBuffer) throws(WireRefusal) -> Int {
        let bytes = line.readableBytesView
        let digits = bytes.prefix { FieldSyntax.hexDigit($0) != nil }
        guard (1...15).contains(digits.count), areExtensions(bytes[digits.endIndex...]) else {
            throw .malformed("A chunk does not begin with its size")
        }
        return digits.reduce(0) { $0 << 4 | Int(FieldSyntax.hexDigit($1) ?? 0) }
    }

    /// Any number of `;name`, `;name=token` and `;name="text"`, without blanks: some readers take those, some do not.
    private static func areExtensions(_ bytes: ByteBufferView) -> Bool {
        var rest = bytes
        while rest.first == 0x3B {
            let name = rest.dropFirst().prefix(while: FieldSyntax.isToken)
            guard !name.isEmpty else { return false }
            rest = rest[name.endIndex...]
            guard rest.first == 0x3D else { continue }
            rest = rest.dropFirst()
            let value = rest.first == 0x22 ? quoted(rest) : rest.prefix(while: FieldSyntax.isToken)
            guard !value.isEmpty else { return false }
            rest = rest[value.endIndex...]
        }
        return rest.isEmpty
    }

    /// A quoted string at the beginning, quotes included; empty where there is none that ends.
    private static func quoted(_ bytes: ByteBufferView) -> ByteBufferView {
        var at = bytes.index(after: bytes.startIndex)
        while at < bytes.endIndex {
            switch bytes[at] {
            case 0x22: return bytes[...at]
            case 0x5C:
                at = bytes.index(after: at)
                guard at < bytes.endIndex, (0x20...0x7E).contains(bytes[at]) else { return bytes[..<bytes.startIndex] }
            case 0x09, 0x20...0x7E: break
            default: return bytes[..<bytes.startIndex]
            }
            at = bytes.index(after: at)
        }
        return bytes[..<bytes.startIndex]
    }
}
