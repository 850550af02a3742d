import Foundation

enum Command {
    /// Runs a program to its end.
    /// - Parameter words: the program, by its path or its name, and its arguments.
    /// - Throws: what it said, if it failed.
    static func run(_ words: [String]) throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.currentDirectoryURL = URL(filePath: "/")
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.runUnblocked()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw PostgreSQLServer.Failed(description: "\(words): \(String(decoding: said, as: UTF8.self))")
        }
    }
}

extension Process {
    /// Runs it with no signal blocked. It would inherit what the thread blocks, and dispatch's threads block nearly all: a shell then
    /// never hears that what it waits for has ended.
    func runUnblocked() throws {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try run()
    }
}
