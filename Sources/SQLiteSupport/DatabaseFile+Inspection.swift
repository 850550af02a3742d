import GRDBSQLite

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension DatabaseFile {
    /// Reads a file without changing it, whether or not a server has it open. Not in a process that has it open: closing a descriptor
    /// drops the process's locks. Nothing is left beside the file, unless a process died with it open: then SQLite makes the log's
    /// index again, or fails where it may not.
    ///
    /// A reader of a write-ahead log that nobody has open makes the log and its index, and cannot remove them: another process may
    /// have begun to use them. So such a file is read as one that does not change.
    /// - Parameters:
    ///   - path: of a file that exists.
    ///   - body: called with the connection, in a transaction; once more if somebody opened the file meanwhile.
    /// - Throws: `SQLiteFailure`, or what `body` throws.
    package static func inspect<Result>(_ path: String, _ body: (OpaquePointer) throws -> Result) throws -> Result {
        // Through a link, the log would be looked for in the wrong place.
        let path = real(path) ?? path
        let before = mark(path)
        guard hasClosedLog(path) else { return try read(path, SQLITE_OPEN_READONLY, body) }
        let uri = "file:" + path.utf8.map(escaped).joined() + "?immutable=1"
        let result = Swift.Result { try read(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, body) }
        let isUnchanged = hasClosedLog(path) && mark(path) == before
        return isUnchanged ? try result.get() : try read(path, SQLITE_OPEN_READONLY, body)
    }

    /// What differs once somebody has written to the file.
    private static func mark(_ path: String) -> [Int64] {
        var status = stat()
        guard stat(path, &status) == 0 else { return [] }
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        return [Int64(status.st_ino), Int64(status.st_size), Int64(time.tv_sec), Int64(time.tv_nsec)]
    }

    /// Reads a file that this process has open, on a connection of its own, beside whoever writes. It hardly waits for locks, which
    /// nobody holds against readers for long.
    /// - Throws: `SQLiteFailure`, or what `body` throws.
    package static func readBeside<Result>(_ path: String, _ body: (OpaquePointer) throws -> Result) throws -> Result {
        try read(path, SQLITE_OPEN_READONLY, patience: 100, body)
    }

    /// - Parameter patience: milliseconds for which it waits for a lock.
    private static func read<Result>(
        _ name: String, _ flags: Int32, patience: Int32 = 1000, _ body: (OpaquePointer) throws -> Result
    ) throws -> Result {
        var connection: OpaquePointer?
        let code = sqlite3_open_v2(name, &connection, flags, nil)
        defer { sqlite3_close_v2(connection) }
        guard code == SQLITE_OK, let connection else { throw SQLiteFailure(connection) }
        sqlite3_busy_timeout(connection, patience)
        try SQLStatement(connection, "BEGIN").run()
        return try body(connection)
    }

    /// Whether the file has its changes in a write-ahead log, and nobody has it open: the log is there as long as somebody has.
    private static func hasClosedLog(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // The version that a reader must know: 2 is a write-ahead log.
        var version: UInt8 = 0
        return pread(descriptor, &version, 1, 19) == 1 && version == 2 && access(path + "-wal", F_OK) != 0
    }

    private static func real(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }

    /// A byte of a path as it stands in a URI.
    private static func escaped(_ byte: UInt8) -> String {
        let isPlain = byte < 0x80 && ![UInt8(ascii: "%"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains(byte)
        if isPlain { return String(UnicodeScalar(byte)) }
        return "%" + String(0x100 + UInt32(byte), radix: 16).dropFirst()
    }
}
