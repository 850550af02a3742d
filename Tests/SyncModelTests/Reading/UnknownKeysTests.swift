import Testing

@testable import SyncModel

@Suite("Keys that are ignored")
struct UnknownKeysTests {
    @Test("no more are kept than are reported, however many a body has")
    func bounded() {
        var keys = UnknownKeys()
        for number in 0..<1_000 { Array("key\(number)".utf8).withUnsafeBytes { keys.note(.user, $0) } }
        #expect(keys.warnings.count == UnknownKeys.limit)
    }
}
