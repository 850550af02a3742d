import Foundation
import Synchronization

/// Folders for what the tests start. Whatever is left of them goes once this process has ended, however it did.
enum TestFolder {
    /// Waits for the servers to have gone.
    private static let script = """
        read -r word
        for i in 0 1 2 3 4 5 6 7 8 9; do
            set -- "$1" "$1"/*/data/postmaster.pid
            [ -e "$2" ] || break
            sleep 0.5
        done
        rm -rf "$1"
        """

    private static let root = Result {
        // Whatever `TMPDIR` says: the path of a socket may have 107 bytes.
        var template = Array("/tmp/usersync-pg-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw PostgreSQLServer.Failed(description: String(cString: strerror(errno))) }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(path, 0o755)
        return (path: path, watchdog: try Watchdog(script, [path]))
    }

    private static let last = Atomic(0)

    /// Makes a folder that belongs to whoever runs the servers, and that all may read.
    static func make() throws -> String {
        let path = try "\(root.get().path)/\(last.wrappingAdd(1, ordering: .relaxed).newValue)"
        try make(path)
        return path
    }

    static func make(_ path: String) throws {
        guard mkdir(path, 0o755) == 0 else { throw PostgreSQLServer.Failed(description: String(cString: strerror(errno))) }
        guard let user = PostgreSQLPrograms.user, let entry = getpwnam(user) else { return }
        guard chown(path, entry.pointee.pw_uid, entry.pointee.pw_gid) == 0 else {
            throw PostgreSQLServer.Failed(description: String(cString: strerror(errno)))
        }
    }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
