import CZlib

/// Compresses bytes as they arrive (RFC 1952).
struct GzipEncoder: ~Copyable {
    /// Must not move: zlib's state points back at it.
    private let stream: UnsafeMutablePointer<z_stream>

    init() throws(ClientFailure) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window and 16 for the gzip wrapper; level 6 is zlib's own balance.
        let status = deflateInit2_(
            stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            stream.deallocate()
            throw ClientFailure("zlib cannot be set up (\(status))")
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Compresses `bytes` and appends the output, which may be empty for now; with `isLast` all of it.
    mutating func compress(_ bytes: [UInt8], isLast: Bool, into out: inout [UInt8]) throws(ClientFailure) {
        var input = bytes
        var space = [UInt8](repeating: 0, count: 64 * 1024)
        var status = Z_OK
        var made: [UInt8] = []
        input.withUnsafeMutableBufferPointer { source in
            stream.pointee.next_in = source.baseAddress
            stream.pointee.avail_in = UInt32(source.count)
            repeat {
                let room = space.count
                let count = space.withUnsafeMutableBufferPointer { target in
                    stream.pointee.next_out = target.baseAddress
                    stream.pointee.avail_out = UInt32(room)
                    status = deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
                    return room - Int(stream.pointee.avail_out)
                }
                made += space[..<count]
            } while status == Z_OK && stream.pointee.avail_out == 0
        }
        // Z_BUF_ERROR is not an error here: all input has been taken.
        guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
            throw ClientFailure("zlib cannot compress (\(status))")
        }
        out += made
    }
}
