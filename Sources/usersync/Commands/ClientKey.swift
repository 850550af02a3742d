import Foundation
import Settings

/// The key that a command sends to a server.
enum ClientKey {
    /// Far above any key.
    private static let maxFileBytes = 4096

    /// The only line of a file; white space around it does not count.
    /// - Throws: `CommandFailure`, which does not repeat what is in the file.
    static func inFile(_ path: String) throws(CommandFailure) -> Secret {
        guard let bytes = beginning(of: path) else {
            throw CommandFailure(
                "the key file \(path) cannot be read: \(String(cString: strerror(errno)))", status: CommandFailure.badUsage)
        }
        guard bytes.count <= maxFileBytes else {
            throw CommandFailure(
                "the key file \(path) has more than \(maxFileBytes) bytes: it holds no key", status: CommandFailure.badUsage)
        }
        let isSpace: (UInt8) -> Bool = { [0x20, 0x09, 0x0D, 0x0A].contains($0) }
        let text = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        guard !text.isEmpty else { throw CommandFailure("the key file \(path) is empty", status: CommandFailure.badUsage) }
        return try checked(String(decoding: text, as: UTF8.self), from: "the key file \(path)")
    }

    /// Its bytes, at most one more than a key file has; `nil` if it cannot be read, with the reason in `errno`.
    private static func beginning(of path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        var bytes: [UInt8] = []
        var space = [UInt8](repeating: 0, count: maxFileBytes + 1)
        while bytes.count <= maxFileBytes {
            let count = read(file, &space, space.count - bytes.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                let reason = errno
                close(file)
                errno = reason
                return nil
            }
            if count == 0 { break }
            bytes += space[..<count]
        }
        close(file)
        return bytes
    }

    /// A key that a header can carry.
    /// - Parameter place: where the key is from.
    /// - Throws: `CommandFailure`, which does not repeat the key.
    static func checked(_ key: String, from place: String) throws(CommandFailure) -> Secret {
        guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw CommandFailure(
                "\(place): a key has visible ASCII characters only; this one has a line end, a space or another character between",
                status: CommandFailure.badUsage)
        }
        return Secret(key)
    }
}
