package import Foundation

/// What the system says of a process: its memory and its open files.
package struct ProcessFigures: Sendable {
    /// Resident now, in bytes.
    package let memory: Int
    /// The most that was resident at a time, in bytes.
    package let peakMemory: Int
    package let openFiles: Int

    /// - Returns: `nil` where the process is gone, or the system has no `/proc`.
    package init?(of processID: Int32) {
        let folder = "/proc/\(processID)"
        guard let status = try? String(contentsOfFile: "\(folder)/status", encoding: .utf8),
            let files = try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/fd")
        else { return nil }
        func bytes(_ name: String) -> Int {
            let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            return (line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0) << 10
        }
        memory = bytes("VmRSS")
        peakMemory = bytes("VmHWM")
        openFiles = files.count
    }

    /// Bytes of a file; 0 where there is none.
    package static func size(_ file: URL) -> Int {
        ((try? FileManager.default.attributesOfItem(atPath: file.path))?[.size] as? Int) ?? 0
    }
}
