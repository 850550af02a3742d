import Testing
import UserDirectory
import UserDirectoryConformance
import UserDirectorySQLite

@Suite("UserDirectory, kept in SQLite", .conformance(of: .sqlite))
enum SQLiteConformance {}

extension DirectoryDriver {
    static let sqlite = DirectoryDriver(name: "SQLite") { options in
        var own = SQLiteUserDirectory.Options(busyTimeout: 0.05, retentionDays: options.retentionDays)
        if options.restsAlways { own.lastPassSteps = 1 }
        let fixture = try SQLiteFixture(scope: options.scope, options: own)
        try await fixture.directory.prepare()
        return fixture
    }
}
