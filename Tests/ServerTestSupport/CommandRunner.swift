package import Foundation
import TestSupport
import Testing

/// Runs the built `usersync` as a process of its own.
package struct CommandRunner {
    package struct Outcome {
        package let status: Int32
        package let output: String
        package let error: String
    }

    /// The binary, built beside the tests, or the one that `USERSYNC_BINARY` names (a release build, say).
    package static var binary: URL {
        get throws {
            if let path = ProcessInfo.processInfo.environment["USERSYNC_BINARY"] { return URL(fileURLWithPath: path) }
            let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            var directory = bundle
            // The test bundle lies in the products' directory, or somewhere below it.
            while directory.path != "/" {
                let candidate = directory.appendingPathComponent("usersync")
                if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
                directory.deleteLastPathComponent()
            }
            return try #require(Optional<URL>.none, "the usersync binary is not built beside \(bundle.path)")
        }
    }

    /// The options of a sanitizer that the tests run under: it is to report of the processes they start likewise. And the deliberate
    /// fault that is on (`mutants.sh`).
    package static let sanitizerOptions = ProcessInfo.processInfo.environment.filter {
        ["TSAN_OPTIONS", "ASAN_OPTIONS", "LD_PRELOAD", "USERSYNC_FAULT"].contains($0.key)
    }

    /// The environment with those options; what is preloaded already stays before what the sanitizer needs.
    package static func sanitized(_ environment: [String: String]) -> [String: String] {
        environment.merging(sanitizerOptions) { given, own in given.isEmpty ? own : "\(given):\(own)" }
    }

    /// - Parameters:
    ///   - environment: all of it; nothing else is inherited.
    ///   - directory: the working directory; without it an empty one.
    ///   - input: what standard input has.
    ///   - inputHandle: standard input itself, in place of `input`.
    ///   - outputHandle: where standard output goes; the outcome's `output` is empty then.
    package static func run(
        _ arguments: [String], environment: [String: String] = [:], directory: String? = nil, input: Data? = nil,
        inputHandle: FileHandle? = nil, outputHandle: FileHandle? = nil
    ) async throws -> Outcome {
        let empty = try TemporaryDirectory()
        let process = Process()
        process.executableURL = try binary
        process.arguments = arguments
        process.environment = sanitized(environment)
        process.currentDirectoryURL = URL(fileURLWithPath: directory ?? empty.path)
        let files = try TemporaryDirectory()
        // Files rather than pipes: nothing can fill up while nobody reads.
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: files.write("out", "")))
        let error = try FileHandle(forWritingTo: URL(fileURLWithPath: files.write("err", "")))
        process.standardOutput = outputHandle ?? output
        process.standardError = error
        process.standardInput =
            try inputHandle ?? FileHandle(forReadingFrom: URL(fileURLWithPath: files.write("in", input ?? Data())))
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in done.resume() }
            do { try process.run() } catch { done.resume(throwing: error) }
        }
        func text(_ name: String) throws -> String { try String(contentsOfFile: "\(files.path)/\(name)", encoding: .utf8) }
        return Outcome(status: process.terminationStatus, output: try text("out"), error: try text("err"))
    }
}
