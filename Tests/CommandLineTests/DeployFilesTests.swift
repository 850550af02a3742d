import Foundation
import TestSupport
import Testing

@Suite("What is delivered with the program")
struct DeployFilesTests {
    @Test("the scripts find the project in a folder with blanks, whatever CDPATH is")
    func scripts() async throws {
        let place = try TemporaryDirectory()
        let project = place.url.appending(path: "a b/the project")
        for name in ["deploy", "Tests/Tools"] {
            let copy = project.appending(path: name)
            try FileManager.default.createDirectory(at: copy.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: Repository.root.appending(path: name), to: copy)
        }
        // Where CDPATH would lead.
        try place.write("other/deploy/x", "")
        try place.write("other/Tests/Tools/x", "")
        let swift = try place.write("bin/swift", "#!/bin/sh\necho \"swift in $PWD\"\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: swift)
        for script in ["deploy/demo.sh", "Tests/Tools/simulate.sh"] {
            let process = Process()
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = [script]
            process.environment = [
                "PATH": "\(place.path)/bin:\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")",
                "CDPATH": "\(place.path)/other",
            ]
            process.currentDirectoryURL = project
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(said.contains("swift in \(project.resolvingSymlinksInPath().path)\n"), "\(script): \(said)")
        }
    }
}
