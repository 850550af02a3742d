import Foundation
import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file, or standard input, read in chunks off the cooperative threads: inflated if it is gzip, without a byte order mark.
package final class InputFile: Sendable {
    static let chunkBytes = 256 * 1024

    /// As the caller named it.
    let name: String
    private let descriptor: Int32
    private let isOwned: Bool
    /// Where reading begins: standard input may be a file that others have read from.
    private let beginning: off_t
    /// Bytes of a regular file, from there on, when it was opened; what is appended later is not read. `nil` for anything else.
    private let length: Int?
    private let state = Mutex(State())

    private struct State: ~Copyable {
        /// Bytes read of the file.
        var offset = 0
        /// What is read already, decoded.
        var ahead: ByteBuffer?
        /// For gzip.
        var decoder: GzipDecoder?
        var hasStarted = false
        var isGzip = false
        var hasMark = false
    }

    /// - Parameter path: a path, or `-` for standard input.
    package init(path: String) throws(ClientFailure) {
        if path == "-" {
            name = "standard input"
            descriptor = STDIN_FILENO
            isOwned = false
        } else {
            name = path
            isOwned = true
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw ClientFailure("\(path) cannot be opened: \(String(cString: strerror(errno)))") }
        }
        var isDirectory: ObjCBool = false
        if isOwned, FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
            close(descriptor)
            throw ClientFailure("\(name) is a directory")
        }
        // A pipe or a terminal cannot seek, and has no size.
        beginning = lseek(descriptor, 0, SEEK_CUR)
        let end = lseek(descriptor, 0, SEEK_END)
        length = end > beginning && lseek(descriptor, beginning, SEEK_SET) == beginning ? Int(end - beginning) : nil
    }

    deinit {
        if isOwned { close(descriptor) }
    }

    /// Bytes in all; `nil` if that cannot be said. Known once the first ones are read.
    var size: Int? {
        state.withLock { state in state.isGzip ? nil : length.map { $0 - (state.hasMark ? 3 : 0) } }
    }

    /// Whether it can be read once more from its beginning.
    var canRewind: Bool { length != nil }

    /// The next bytes; `nil` at the end.
    func next() async throws -> ByteBuffer? {
        try await NIOThreadPool.singleton.runIfActive {
            try self.state.withLock { state in
                if !state.hasStarted { try self.start(&state) }
                if let ahead = state.ahead {
                    state.ahead = nil
                    return ahead
                }
                return try self.decoded(&state)
            }
        }
    }

    /// Back to the beginning; only possible if `canRewind`.
    func rewind() throws(ClientFailure) {
        guard canRewind, lseek(descriptor, beginning, SEEK_SET) == beginning else {
            throw ClientFailure("\(name) cannot be read twice")
        }
        state.withLock { $0 = State(isGzip: $0.isGzip, hasMark: $0.hasMark) }
    }

    /// Reads what tells how the file is to be read.
    private func start(_ state: inout State) throws {
        state.hasStarted = true
        var first = ByteBuffer()
        while first.readableBytes < 4, var more = try read(&state) { first.writeBuffer(&more) }
        if first.readableBytesView.starts(with: GzipDecoder.magic) {
            let decoder = try GzipDecoder()
            decoder.feed(first)
            state.decoder = decoder
            state.isGzip = true
            first = ByteBuffer()
            while first.readableBytes < 4, var more = try decoded(&state) { first.writeBuffer(&more) }
        }
        if first.readableBytesView.starts(with: [0xEF, 0xBB, 0xBF]) {
            state.hasMark = true
            first.moveReaderIndex(forwardBy: 3)
        }
        state.ahead = first.readableBytes > 0 ? first : nil
    }

    private func decoded(_ state: inout State) throws -> ByteBuffer? {
        guard let decoder = state.decoder else { return try read(&state) }
        while true {
            let piece = try decoder.next(of: name, most: InputFile.chunkBytes)
            if piece.readableBytes > 0 { return piece }
            guard decoder.isHungry else { continue }
            guard let more = try read(&state) else {
                guard decoder.isAtEnd else { throw ClientFailure("\(name) cannot be read: its gzip data ends too early") }
                return nil
            }
            decoder.feed(more)
        }
    }

    /// Bytes as they are in the file; `nil` at its end.
    private func read(_ state: inout State) throws -> ByteBuffer? {
        let most = min(InputFile.chunkBytes, length.map { $0 - state.offset } ?? .max)
        if most == 0 { return nil }
        var buffer = ByteBufferAllocator().buffer(capacity: most)
        let count = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: most) { space in
            while true {
                let count = readBytes(descriptor, space.baseAddress, most)
                if count >= 0 { return count }
                if errno == EAGAIN {
                    // Standard input that another process has made non-blocking.
                    var input = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                    _ = poll(&input, 1, -1)
                } else if errno != EINTR {
                    throw ClientFailure("\(name) cannot be read further: \(String(cString: strerror(errno)))")
                }
            }
        }
        state.offset += count
        if count == 0, length != nil { throw ClientFailure("\(name) became shorter while it was read") }
        return count == 0 ? nil : buffer
    }
}

/// The C library's `read`, which a method of the class shadows.
private func readBytes(_ descriptor: Int32, _ space: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, space, count)
}
