import Testing

@testable import SyncServer
@testable import UsersyncApp

@Suite("Open files")
struct OpenFilesTests {
    @Test("however many connections there may be, those that are closing and the databases have files beside them")
    func files() {
        for files in [64, 128, 256, 1024, 4096, 20_000, 65_536, 1_000_000] {
            let limit = OpenFiles.connections(of: files, wished: nil)
            let most = ConnectionRegister.most(of: limit)
            #expect(ConnectionRegister.kept(of: limit) >= 2 && ConnectionRegister.kept(of: limit) <= limit / 8)
            #expect(most > limit + ConnectionRegister.kept(of: limit) && files - most >= min(files / 2, 48), "\(files)")
        }
    }
}
