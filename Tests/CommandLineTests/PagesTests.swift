import Foundation
import TestSupport
import Testing

@Suite("The pages that name files and functions")
struct PagesTests {
    @Test("name those that exist, and the titles of tests begin in lower case")
    func house() async throws {
        let folder = try TemporaryDirectory()
        let said = try folder.write("said", "")
        let python = Process()
        python.executableURL = URL(filePath: "/usr/bin/env")
        python.arguments = [
            ProcessInfo.processInfo.environment["USERSYNC_PYTHON"] ?? "python3",
            Repository.root.appending(path: "Tests/Tools/house.py").path, "--check",
        ]
        python.standardError = try FileHandle(forWritingTo: URL(filePath: said))
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            python.terminationHandler = { _ in done.resume() }
            do { try python.run() } catch { done.resume(throwing: error) }
        }
        let problems = try String(contentsOfFile: said, encoding: .utf8)
        #expect(python.terminationStatus == 0 && problems == "", "\(problems)")
    }
}
