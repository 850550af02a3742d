import Foundation
import GRDB
import SQLiteSupport
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Where a file really is, whatever its name.
package enum FilePlace {
    /// The path without links: of the file if it exists, else of the place where it would be created.
    package static func resolved(_ path: String) -> String { resolved(path, links: 40) }

    private static func resolved(_ path: String, links: Int) -> String {
        if let real = real(path) { return real }
        let url = URL(filePath: path)
        // A link to a missing file: the file is created where the link points.
        if links > 0, let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
            let next = target.hasPrefix("/") ? target : url.deletingLastPathComponent().appending(path: target).path
            return resolved(next, links: links - 1)
        }
        guard let folder = real(url.deletingLastPathComponent().path) else { return path }
        return (folder == "/" ? "" : folder) + "/" + url.lastPathComponent
    }

    /// Whether two paths name one file, now or once it is created.
    package static func isSame(_ one: String, _ other: String) -> Bool {
        if resolved(one).utf8.elementsEqual(resolved(other).utf8) { return true }
        guard let one = FileIdentity(path: one) else { return false }
        return one == FileIdentity(path: other)
    }

    private static func real(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }
}

/// The identity of a file, whatever its name.
struct FileIdentity: Equatable, Sendable {
    private let device: UInt64
    private let node: UInt64

    /// `nil` if there is no file.
    init?(path: String) {
        var figures = stat()
        guard stat(path, &figures) == 0 else { return nil }
        device = UInt64(figures.st_dev)
        node = UInt64(figures.st_ino)
    }
}

/// Checks that the queue's file and its log are where they were opened. Moved or deleted, they can still be written, but what was
/// acknowledged would never be found.
final class OpenFilePlace: Sendable {
    private let log: String
    private let known = Mutex<FileIdentity?>(nil)

    init(path: String) { log = path + "-wal" }

    /// - Throws: `SQLiteFailure` if one of them is somewhere else.
    func check(_ db: Database) throws {
        let found = FileIdentity(path: log)
        // The log exists from the first transaction on, and stays the same file until the last connection closes.
        let isLogInPlace = known.withLock { known in
            known = known ?? found
            return known == found
        }
        guard !DatabaseFile.hasMoved(db.sqliteConnection) && isLogInPlace else {
            throw SQLiteFailure(code: SQLiteFailure.moved, message: "the file is not where it was opened")
        }
    }
}
