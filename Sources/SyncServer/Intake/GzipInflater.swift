import CZlib

/// Inflates a gzip body piece by piece (RFC 1952; consecutive members form one body).
final class GzipInflater {
    enum Problem: Error, Equatable {
        /// Not gzip, damaged, or with bytes after its end.
        case damaged
    }

    private let stream: UnsafeMutablePointer<z_stream>
    private let buffer: UnsafeMutableRawBufferPointer
    /// A member has ended; anything that follows must be another.
    private var isBetweenMembers = false
    private var sawInput = false

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        buffer = .allocate(byteCount: 64 << 10, alignment: 16)
        // 15 bits of window, +16: requires a gzip header. It fails only if memory runs out; `inflate` then reports it.
        inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    }

    deinit {
        inflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
        buffer.deallocate()
    }

    /// Inflates the next bytes and hands the result to `body`, at most 64 KiB at a time.
    func inflate(_ input: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard let base = input.baseAddress, input.count > 0 else { return }
        sawInput = true
        // zlib's interface is not const-correct; it does not write to its input.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: Bytef.self))
        stream.pointee.avail_in = UInt32(input.count)
        repeat {
            if isBetweenMembers {
                guard stream.pointee.avail_in > 0 else { return }
                guard inflateReset(stream) == Z_OK else { throw Problem.damaged }
                isBetweenMembers = false
            }
            stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: Bytef.self)
            stream.pointee.avail_out = UInt32(buffer.count)
            let status = CZlib.inflate(stream, Z_NO_FLUSH)
            guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else { throw Problem.damaged }
            let produced = buffer.count - Int(stream.pointee.avail_out)
            if produced > 0 { try body(UnsafeRawBufferPointer(rebasing: buffer[..<produced])) }
            if status == Z_STREAM_END { isBetweenMembers = true }
            if status == Z_BUF_ERROR && produced == 0 { return }
        } while stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0
    }

    /// The body has ended.
    func finish() throws {
        guard sawInput, isBetweenMembers else { throw Problem.damaged }
    }
}
