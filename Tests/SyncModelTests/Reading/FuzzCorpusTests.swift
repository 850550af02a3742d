import Foundation
import TestSupport
import Testing

@Suite("The corpus of the fuzzer")
struct FuzzCorpusTests {
    @Test("every property holds for every input that a fuzzer found worth keeping")
    func corpus() throws {
        let folder = Repository.root.appending(path: "Tests/Fuzz/Corpus", directoryHint: .isDirectory)
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        var kinds: Set<UInt8> = []
        for file in files {
            let bytes = Array(try Data(contentsOf: file))
            // Texts of settings are the model's too; the other texts are read by what stands above it.
            if let first = bytes.first, first >= 0x80 {
                guard first & 7 >= 6 else { continue }
                #expect(throws: Never.self, "\(file.lastPathComponent)") {
                    try SettingsProperties.check(String(decoding: bytes.dropFirst(), as: UTF8.self))
                }
                continue
            }
            let input = FuzzInput(bytes)
            kinds.insert(input.kind)
            #expect(throws: Never.self, "\(file.lastPathComponent)") { try input.check() }
        }
        #expect(kinds.isSuperset(of: [0, 2, 3, 4, 5, 6, 7]), "each reader is asked")
    }
}
