import Foundation
import TestSupport
import Testing

@Suite("What is delivered with the program")
struct DeployFilesTests {
    private func text(_ name: String) throws -> String {
        try String(contentsOf: Repository.root.appending(path: name), encoding: .utf8)
    }

    @Test(
        "the unit does not restart for arguments or settings that cannot be used, bounds memory, and lets no crash tell what is in it"
    )
    func unit() throws {
        let lines = Set(try text("deploy/usersync.service").split(separator: "\n"))
        for line in [
            "RestartPreventExitStatus=2 78", "LimitCORE=0", "MemoryMax=2G",
            "Environment=SWIFT_BACKTRACE=registers=none,color=no,interactive=no",
        ] { #expect(lines.contains(Substring(line)), "\(line)") }
    }

    @Test("the image runs as a numbered user, lets no crash tell what is in memory, and gets no more than it copies")
    func image() throws {
        let dockerfile = try text("deploy/Dockerfile")
        #expect(dockerfile.contains("\nUSER 10001:10001\n"))
        #expect(dockerfile.contains("SWIFT_BACKTRACE=registers=none,color=no,interactive=no"))
        let ignored = try text(".dockerignore").split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(ignored.first == "*")
        let copied = dockerfile.split(separator: "\n").filter { $0.hasPrefix("COPY ") && !$0.contains("--from") }
            .compactMap { $0.split(separator: " ").dropFirst().first }
        #expect(!copied.isEmpty)
        for name in copied { #expect(ignored.contains { $0.hasPrefix("!\(name.prefix { $0 != "*" })") }, "\(name)") }
    }

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

    @Test("the scripts ask the compiler for the headers, wherever they are, and install or name those that it does not find")
    func headers() async throws {
        let place = try TemporaryDirectory()
        func program(_ name: String, _ text: String) throws {
            let file = try place.write("bin/\(name)", "#!/bin/sh\n\(text)\n")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
        }
        // A machine that has nothing else; its compiler finds what `headers` names.
        for name in ["env", "cat"] {
            let tool = try #require(["/bin/\(name)", "/usr/bin/\(name)"].first { FileManager.default.fileExists(atPath: $0) })
            try program(name, "exec \(tool) \"$@\"")
        }
        try program("swift", ":")
        try program("id", "echo 0")
        try program("uname", "echo Linux")
        let finds = "line=$(cat); for header in $HEADERS; do case $line in *\"<$header>\"*) exit 0 ;; esac; done; exit 1"
        try program("clang", finds)
        func prepare(_ headers: String) throws -> (status: Int32, said: String) {
            let process = Process()
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = ["-c", ". deploy/prepare.sh"]
            process.environment = ["PATH": "\(place.path)/bin", "HEADERS": headers]
            process.currentDirectoryURL = Repository.root
            let output = Pipe()
            (process.standardOutput, process.standardError) = (output, output)
            try process.run()
            let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            return (process.terminationStatus, said)
        }
        #expect(try prepare("sqlite3.h zlib.h libpq-fe.h") == (0, ""))
        let bare = try prepare("sqlite3.h libpq-fe.h")
        #expect(bare.status == 1 && bare.said.contains("does not find: zlib.h\n") && bare.said.contains("no apt-get here"))
        try program("apt-get", "echo \"$@\" >&2")
        let installed = try prepare("zlib.h libpq-fe.h")
        #expect(installed.status == 0 && installed.said.contains("install -y --no-install-recommends libsqlite3-dev\n"))
    }
}
