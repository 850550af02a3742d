import FileSupport
import GRDBSQLite

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The file of a database.
package enum DatabaseFile {
    /// Creates the file, readable only by its owner, if it does not exist; its log and the log's index take their modes from it.
    /// - Returns: why it cannot be created; `nil` if it exists.
    package static func make(_ path: String) -> String? {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return errno == EEXIST ? nil : String(cString: strerror(errno)) }
        close(descriptor)
        return nil
    }

    /// Whether something is there that can be no database: a folder, a pipe, a device. Opening a pipe may block without end.
    package static func isOtherThanFile(_ path: String) -> Bool {
        FileKind(path: path).map { $0 != .file } ?? false
    }

    /// Whether the file is no longer where the connection opened it. Moved or deleted, it can still be written, but what is
    /// written would never be found.
    package static func hasMoved(_ connection: OpaquePointer?) -> Bool {
        var hasMoved: Int32 = 0
        return sqlite3_file_control(connection, "main", SQLITE_FCNTL_HAS_MOVED, &hasMoved) == SQLITE_OK && hasMoved != 0
    }

    /// Bytes of the file of the write-ahead log; 0 if there is none.
    package static func logBytes(_ connection: OpaquePointer?) -> Int64 {
        guard let path = sqlite3_db_filename(connection, "main").map({ String(cString: $0) }) else { return 0 }
        var figures = stat()
        return stat(path + "-wal", &figures) == 0 ? Int64(figures.st_size) : 0
    }
}
