import Foundation
import Settings
import SyncModel
import TestSupport
import Testing

@Suite("Any text as a setting")
struct SettingsPropertyTests {
    private static let words = [
        "http://", "https://", "sqlite:", "postgres://", "~/", "/", "?", "[", "]", "::", "::1", "10.0.0.0/", "127.0.0.1", ":",
        "@",
        "whsec_", "auto", "true", "null", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "host.example.com", ".", "-", "_",
    ]
    private static let good = [
        "https://crm.example.com:8443/hook", "sqlite:/var/lib/crm.sqlite", "10.0.0.0/8, fd00::/8", "http://[::1]:3000",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "536870912",
    ]

    @Test("is taken or named, and ends nothing", arguments: Property.seeds(known: [1, 2, 3], fresh: 5))
    func any(seed: UInt64) {
        var texts = OddText(words: Self.words, seed: seed)
        for _ in 0..<20 {
            for definition in SettingDefinition.all {
                let text = texts.next(like: Self.good)
                #expect(throws: Never.self, "PROPERTY_SEED=\(seed) \(definition.name)=\(text)") {
                    try SettingsProperties.check(definition, text)
                }
            }
        }
    }

    @Test("every text of a setting that a fuzzer found worth keeping")
    func corpus() throws {
        let folder = Repository.root.appending(path: "Tests/Fuzz/Corpus", directoryHint: .isDirectory)
        var count = 0
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            let bytes = Array(try Data(contentsOf: file))
            guard let first = bytes.first, first >= 0x80, first & 7 >= 6 else { continue }
            count += 1
            #expect(throws: Never.self, "\(file.lastPathComponent)") {
                try SettingsProperties.check(String(decoding: bytes.dropFirst(), as: UTF8.self))
            }
        }
        #expect(count > 0)
    }

    @Test("an http address is plain to others unless it names this machine")
    func plainToOthers() throws {
        #expect(try WebAddress("http://localhost").isPlainToOthers == false)
        #expect(try WebAddress("https://crm.example.com").isPlainToOthers == false)
        #expect(try WebAddress("http://crm.example.com").isPlainToOthers == true)
    }

    @Test("a word of YAML or a number at a type's end is taken or named for every setting")
    func corners() {
        for definition in SettingDefinition.all {
            for text in [
                "", " ", "#", " #", "~", "null", "-9223372036854775808", "9223372036854775808", ",", ",,", "\u{0}", "[", "://",
            ] {
                #expect(throws: Never.self, "\(definition.name)=\(text)") { try SettingsProperties.check(definition, text) }
            }
        }
    }
}
