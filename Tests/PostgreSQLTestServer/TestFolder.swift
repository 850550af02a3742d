import Foundation

enum TestFolder {
    /// Makes a folder that belongs to whoever runs the servers, and that all may read. In /tmp whatever `TMPDIR` says: the path of a
    /// socket may have 107 bytes.
    static func make(_ name: String) throws -> String {
        var template = Array("/tmp/\(name)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw PostgreSQLServer.Failed(description: String(cString: strerror(errno))) }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try give(path)
        return path
    }

    static func give(_ path: String) throws {
        chmod(path, 0o755)
        guard let user = PostgreSQLPrograms.user, let entry = getpwnam(user) else { return }
        guard chown(path, entry.pointee.pw_uid, entry.pointee.pw_gid) == 0 else {
            throw PostgreSQLServer.Failed(description: String(cString: strerror(errno)))
        }
    }
}
