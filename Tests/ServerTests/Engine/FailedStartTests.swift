import Foundation
import ServerTestSupport
import Settings
import TestSupport
import Testing

import UsersyncApp

@Suite("Starts that fail")
struct FailedStartTests {
    /// The logs that have content: closing a database writes its log back and empties it.
    private func openLogs(in folder: URL) -> [String] {
        ["queue.sqlite-wal", "crm.sqlite-wal"].filter { name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: folder.appending(path: "data/\(name)").path)
            return (attributes?[.size] as? NSNumber)?.intValue ?? 0 > 0
        }
    }

    @Test(
        "a file of authorities that cannot be used is named by its setting, before queue and directory are opened",
        arguments: ["WEBHOOK_CA_FILE", "SSL_CERT_FILE"])
    func unusableSetting(name: String) async throws {
        try await TestServer.inFolder { folder, receiver in
            let missing = folder.appending(path: "authorities.pem").path
            let error = await #expect(throws: StartFailure.self) {
                try await TestServer.start([name: missing], folder: folder, receiver: receiver) { _ in }
            }
            #expect(error?.isMisconfigured == true && error?.description.contains("\(name): ") == true)
            #expect(error?.description.contains(missing) == false)
            let made = (try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "data").path)) ?? []
            #expect(made == [])
            try await TestServer.start(folder: folder, receiver: receiver) { server in
                let ready = try await server.get("/readyz")
                #expect(ready.status == 200)
            }
        }
    }

    @Test("a directory that cannot be used closes the queue; the same process can start again")
    func unusableDirectory() async throws {
        try await TestServer.inFolder { folder, receiver in
            let crm = folder.appending(path: "data/crm.sqlite")
            let other = try OtherProcess(path: crm.path)
            try other.execute("CREATE VIEW users AS SELECT 1 AS id")
            try other.close()
            let error = await #expect(throws: StartFailure.self) {
                try await TestServer.start(folder: folder, receiver: receiver) { _ in }
            }
            #expect(error?.description.contains("the directory cannot be used") == true)
            #expect(openLogs(in: folder) == [])
            try FileManager.default.removeItem(at: crm)
            try await TestServer.start(folder: folder, receiver: receiver) { server in
                let ready = try await server.get("/readyz")
                #expect(ready.status == 200)
            }
        }
    }

    @Test("a port in use ends the run, and closes both files before it does")
    func portInUse() async throws {
        try await TestServer.run { server in
            let place = try TemporaryDirectory()
            let values = [
                "HOST": "127.0.0.1", "PORT": "\(server.port)", "DATA_DIR": place.url.appending(path: "data").path,
                "INTERNAL_API_KEY": TestServer.key, "MIN_FREE_DISK_BYTES": "1048576", "LOG_LEVEL": "critical",
            ]
            let settings = try Settings.read(processors: 2, from: { values[$0] }).settings
            let error = await #expect(throws: StartFailure.self) { try await UsersyncApp.run(settings: settings) }
            #expect(error?.description == "HOST and PORT: the server cannot listen there: Address already in use")
            #expect(openLogs(in: place.url) == [])
        }
    }
}
