import GRDBSQLite

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension DatabaseFile {
    /// Reads a file without changing it and without leaving anything beside it, whether or not a server has it open.
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
        guard hasClosedLog(path) else { return try read(path, SQLITE_OPEN_READONLY, body) }
        let uri = "file:" + path.utf8.map(escaped).joined() + "?immutable=1"
        let result = Swift.Result { try read(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, body) }
        return hasClosedLog(path) ? try result.get() : try read(path, SQLITE_OPEN_READONLY, body)
    }

    private static func read<Result>(_ name: String, _ flags: Int32, _ body: (OpaquePointer) throws -> Result) throws -> Result {
        var connection: OpaquePointer?
        let code = sqlite3_open_v2(name, &connection, flags, nil)
        defer { sqlite3_close_v2(connection) }
        guard code == SQLITE_OK, let connection else { throw SQLiteFailure(connection) }
        sqlite3_busy_timeout(connection, 1000)
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
