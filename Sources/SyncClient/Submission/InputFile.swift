import Foundation
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file, or standard input, read in chunks off the cooperative threads.
package final class InputFile: Sendable {
    static let chunkBytes = 256 * 1024

    /// As the caller named it.
    let name: String
    /// Bytes; `nil` if it is not a regular file.
    let size: Int?
    private let descriptor: Int32
    private let isOwned: Bool

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
        let end = lseek(descriptor, 0, SEEK_END)
        size = end > 0 && lseek(descriptor, 0, SEEK_SET) == 0 ? Int(end) : nil
    }

    deinit {
        if isOwned { close(descriptor) }
    }

    /// The next bytes; `nil` at the end.
    func next() async throws -> ByteBuffer? {
        let (descriptor, name) = (descriptor, name)
        return try await NIOThreadPool.singleton.runIfActive {
            var buffer = ByteBufferAllocator().buffer(capacity: InputFile.chunkBytes)
            let count = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: InputFile.chunkBytes) { space in
                while true {
                    let count = read(descriptor, space.baseAddress, InputFile.chunkBytes)
                    if count >= 0 { return count }
                    if errno != EINTR {
                        throw ClientFailure("\(name) cannot be read further: \(String(cString: strerror(errno)))")
                    }
                }
            }
            return count == 0 ? nil : buffer
        }
    }

    /// Back to the beginning; only possible if `size` is known.
    func rewind() throws(ClientFailure) {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw ClientFailure("\(name) cannot be read twice") }
    }
}
