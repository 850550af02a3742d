import Foundation
import GRDB
import ServerTestSupport
import Testing

/// Takes the CRM's database away from a server, in one of several ways, and gives it back as it was.
struct AwayFile {
    enum Trouble: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case locked = "locked by another process"
        case damaged = "damaged while open"
        case moved = "its file moved away while open"
        case damagedAtStart = "damaged at start"
        /// Root may read everything.
        case forbiddenAtStart = "not to be read at start"

        static let running: [Trouble] = [.locked, .damaged, .moved]
        static let atStart: [Trouble] = getuid() == 0 ? [.damagedAtStart] : [.damagedAtStart, .forbiddenAtStart]

        /// A word of the `error` that `readyz` and `status` then show.
        var word: String {
            switch self {
            case .locked: "locked"
            case .damaged, .damagedAtStart: "damaged"
            case .moved: "moved"
            case .forbiddenAtStart: "opened"
            }
        }

        var testDescription: String { rawValue }
    }

    private let trouble: Trouble
    private let file: URL
    private var lock: OtherProcess?
    private var kept: Data?

    /// - Parameter server: the server that has the file open; `nil` where none runs.
    init(_ trouble: Trouble, folder: URL, server: ServerProcess?) async throws {
        self.trouble = trouble
        file = folder.appending(path: "data/crm.sqlite")
        switch trouble {
        case .locked:
            let other = try OtherProcess(path: file.path)
            try other.lock()
            lock = other
        case .damaged:
            if let server { kept = try await AwayFile.damage(file, of: server) }
        case .moved:
            try move(from: "", to: "-away", ["", "-wal", "-shm"])
        case .damagedAtStart:
            try move(from: "", to: "-away", ["", "-wal", "-shm"])
            try Data(repeating: 0x5A, count: 20_000).write(to: file)
        case .forbiddenAtStart:
            try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: file.path)
        }
    }

    func giveBack() throws {
        switch trouble {
        case .locked:
            try lock?.unlock()
            try lock?.close()
        case .damaged:
            let handle = try FileHandle(forWritingTo: file)
            try handle.write(contentsOf: kept ?? Data())
            try handle.close()
        case .damagedAtStart:
            try FileManager.default.removeItem(at: file)
            try move(from: "-away", to: "", ["-wal", "-shm", ""])
        case .moved:
            // The file itself last: who finds it must find its log too.
            try move(from: "-away", to: "", ["-wal", "-shm", ""])
        case .forbiddenAtStart:
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        }
    }

    private func move(from: String, to: String, _ suffixes: [String]) throws {
        for suffix in suffixes {
            let source = file.path + from + suffix
            guard FileManager.default.fileExists(atPath: source) else { continue }
            try FileManager.default.moveItem(atPath: source, toPath: file.path + to + suffix)
        }
    }

    /// Overwrites every byte of the file at a moment at which the log is empty and the server's page cache is of no use to it.
    /// - Returns: the bytes as they were.
    private static func damage(_ file: URL, of server: ServerProcess) async throws -> Data {
        while true {
            server.freeze()
            defer { server.thaw() }
            if try emptyLog(of: file) {
                let good = try Data(contentsOf: file)
                let handle = try FileHandle(forWritingTo: file)
                try handle.write(contentsOf: Data(repeating: 0x5A, count: good.count))
                try handle.close()
                return good
            }
            server.thaw()
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// False where the server holds the write lock at this moment.
    private static func emptyLog(of file: URL) throws -> Bool {
        let database = try DatabaseQueue(path: file.path)
        defer { try? database.close() }
        do {
            return try database.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA user_version = \(Int32.random(in: 1..<Int32.max))")
                let row = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
                return row?["busy"] == 0
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
            return false
        }
    }
}
