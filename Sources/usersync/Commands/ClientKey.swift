import Foundation
import Settings

/// The key that a command sends to a server.
enum ClientKey {
    /// Far above any key.
    private static let maxFileBytes = 4096

    /// The only line of a file; white space around it does not count.
    /// - Throws: `CommandFailure`, which does not repeat what is in the file.
    static func inFile(_ path: String) throws(CommandFailure) -> Secret {
        let bytes: Data
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            bytes = try file.read(upToCount: maxFileBytes + 1) ?? Data()
        } catch {
            throw CommandFailure(
                "the key file \(path) cannot be read: \((error as NSError).localizedDescription)", status: CommandFailure.badUsage
            )
        }
        let isSpace: (UInt8) -> Bool = { [0x20, 0x09, 0x0D, 0x0A].contains($0) }
        let text = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        guard !text.isEmpty else { throw CommandFailure("the key file \(path) is empty", status: CommandFailure.badUsage) }
        return try checked(String(decoding: text, as: UTF8.self), from: "the key file \(path)")
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
