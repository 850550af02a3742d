import CZlib
import NIOCore

/// Inflates a gzip file piece by piece (RFC 1952; consecutive members are one file).
final class GzipDecoder {
    /// What a gzip file begins with.
    static let magic: [UInt8] = [0x1F, 0x8B]

    /// Must not move: zlib's state points back at it.
    private let stream: UnsafeMutablePointer<z_stream>
    private var input = ByteBuffer()
    /// A member has ended; what follows must be another, or zeros that fill up a block.
    private var isBetweenMembers = false

    init() throws(ClientFailure) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window and 16 for the gzip wrapper.
        let status = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw ClientFailure("zlib cannot be set up (\(status))") }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Whether more compressed bytes are needed to go on.
    var isHungry: Bool { input.readableBytes == 0 }

    func feed(_ bytes: ByteBuffer) { input = bytes }

    /// The next inflated bytes, `most` at most; none if more input is needed.
    /// - Parameter name: the file's, for the error.
    func next(of name: String, most: Int) throws(ClientFailure) -> ByteBuffer {
        var output = ByteBuffer()
        if isBetweenMembers {
            while let byte = input.getInteger(at: input.readerIndex, as: UInt8.self), byte == 0 {
                input.moveReaderIndex(forwardBy: 1)
            }
            if isHungry { return output }
            guard inflateReset(stream) == Z_OK else { throw ClientFailure("zlib cannot be set up") }
            isBetweenMembers = false
        }
        var status = Z_OK
        input.readWithUnsafeMutableReadableBytes { source in
            stream.pointee.next_in = source.bindMemory(to: Bytef.self).baseAddress
            stream.pointee.avail_in = UInt32(source.count)
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: most) { target in
                stream.pointee.next_out = target.bindMemory(to: Bytef.self).baseAddress
                stream.pointee.avail_out = UInt32(most)
                status = inflate(stream, Z_NO_FLUSH)
                return most - Int(stream.pointee.avail_out)
            }
            return source.count - Int(stream.pointee.avail_in)
        }
        switch status {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: isBetweenMembers = true
        default: throw ClientFailure("\(name) cannot be read: its gzip data is damaged")
        }
        return output
    }

    /// Whether the file may end here.
    var isAtEnd: Bool { isBetweenMembers && isHungry }
}
