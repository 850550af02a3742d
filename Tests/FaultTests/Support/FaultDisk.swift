import Foundation
import ServerTestSupport
import TestSupport

@testable import usersync

/// A disk that fails on command: `Tests/FaultDisk/faultdisk.c`, preloaded into a server, between SQLite and the kernel.
struct FaultDisk {
    /// A call to the disk at which the process is killed.
    struct Point: Sendable, CustomStringConvertible {
        enum Kind: String, Sendable { case sync, write }
        enum When: String, Sendable { case before, after }
        var kind: Kind
        /// Which one, counted from the start of the process.
        var number: Int
        var when: When
        var description: String { "\(kind.rawValue):\(number):\(when.rawValue)" }
    }

    /// What writes answer from now on.
    enum Refusal: Character {
        case none = "-"
        case noSpace = "n"
        case readOnly = "r"
        case inputOutputError = "i"
    }

    private let folder: URL
    private var data: URL { folder.appending(path: "data") }
    private var shadow: URL { folder.appending(path: "shadow") }
    private var control: URL { folder.appending(path: "control") }
    private var log: URL { folder.appending(path: "killed") }

    /// - Parameter folder: holds the server's folder `data`.
    init(folder: URL) throws {
        self.folder = folder
        try Data("-".utf8).write(to: control)
    }

    /// What a server's environment has to say.
    func environment(killedAt point: Point? = nil, losesPower: Bool = false) throws -> [String: String] {
        var environment = [
            "LD_PRELOAD": try Self.library.get().path, "FAULT_DISK_FOLDER": data.path, "FAULT_DISK_CONTROL": control.path,
            "FAULT_DISK_LOG": log.path,
        ]
        if let point { environment["FAULT_DISK_KILL"] = point.description }
        if losesPower {
            try? FileManager.default.removeItem(at: shadow)
            try FileManager.default.createDirectory(at: shadow, withIntermediateDirectories: true)
            environment["FAULT_DISK_SHADOW"] = shadow.path
        }
        return environment
    }

    func refuse(_ refusal: Refusal) throws {
        // In place: the process has the file mapped.
        let file = try FileHandle(forWritingTo: control)
        try file.write(contentsOf: Data(String(refusal.rawValue).utf8))
        try file.close()
    }

    /// Where processes were killed, and how often.
    func kills() -> [String: Int] {
        let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
        return Dictionary(text.split(separator: "\n").map { (String($0), 1) }, uniquingKeysWith: +)
    }

    // MARK: Power cuts

    /// Makes of the server's files what a power cut leaves: all that was synced, and of the rest any part, in any order, torn at
    /// sectors of 512 bytes.
    func cutPower(using random: inout SeededGenerator) throws {
        let manager = FileManager.default
        for name in try manager.contentsOfDirectory(atPath: shadow.path) where name.hasSuffix(".durable") {
            let file = String(name.dropLast(".durable".count))
            var bytes = try Data(contentsOf: shadow.appending(path: name))
            let pending = (try? Data(contentsOf: shadow.appending(path: file + ".pending"))) ?? Data()
            try Self.losePart(of: Operation.read(pending), in: &bytes, using: &random)
            try bytes.write(to: data.appending(path: file))
        }
        // The shared memory of the log is gone with the machine.
        for name in try manager.contentsOfDirectory(atPath: data.path) where name.hasSuffix("-shm") {
            try manager.removeItem(at: data.appending(path: name))
        }
    }

    private struct Operation {
        var isTruncation: Bool
        var offset: Int
        var bytes: Data

        /// Reads what the library noted; what was being noted when the power went is not there.
        static func read(_ log: Data) -> [Operation] {
            var operations: [Operation] = []
            var at = 0
            func number(_ position: Int) -> Int {
                Int(log.subdata(in: position..<position + 8).withUnsafeBytes { $0.loadUnaligned(as: Int64.self) })
            }
            while at + 24 <= log.count {
                let (kind, offset, count) = (number(at), number(at + 8), number(at + 16))
                at += 24
                guard kind == 1 else {
                    operations.append(Operation(isTruncation: true, offset: offset, bytes: Data()))
                    continue
                }
                guard at + count <= log.count else { break }
                operations.append(Operation(isTruncation: false, offset: offset, bytes: log.subdata(in: at..<at + count)))
                at += count
            }
            return operations
        }
    }

    private static func losePart(of operations: [Operation], in bytes: inout Data, using random: inout SeededGenerator) throws {
        // Now and then all of it was written already, or nothing; else each sector by its own luck, whatever came first.
        let chance = [0, 100, 50, 80, 20].randomElement(using: &random) ?? 50
        for operation in operations.shuffled(using: &random) {
            if operation.isTruncation {
                if Int.random(in: 0..<100, using: &random) < chance, operation.offset < bytes.count {
                    bytes = bytes.prefix(operation.offset)
                }
                continue
            }
            var at = 0
            while at < operation.bytes.count {
                let count = min(512 - (operation.offset + at) % 512, operation.bytes.count - at)
                if Int.random(in: 0..<100, using: &random) < chance {
                    let target = operation.offset + at
                    if bytes.count < target + count { bytes.append(Data(count: target + count - bytes.count)) }
                    bytes.replaceSubrange(target..<target + count, with: operation.bytes[at..<at + count])
                }
                at += count
            }
        }
    }

    // MARK: The library

    /// Compiled once a run.
    private static let library = Result { () throws -> URL in
        let source = Repository.root.appending(path: "Tests/FaultDisk/faultdisk.c")
        let library = URL(filePath: NSTemporaryDirectory()).appending(path: "faultdisk-\(UUID().uuidString).so")
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/usr/bin/env")
        compiler.arguments = ["clang", "-O1", "-shared", "-fPIC", "-o", library.path, source.path, "-ldl"]
        try compiler.run()
        compiler.waitUntilExit()
        guard compiler.terminationStatus == 0 else { throw CommandFailure("the failing disk does not compile") }
        return library
    }
}
