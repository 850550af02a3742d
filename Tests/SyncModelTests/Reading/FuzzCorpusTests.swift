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
            // Texts of settings and others are read by other targets, whose tests have the corpus too.
            if let first = bytes.first, first >= 0x80 { continue }
            let input = FuzzInput(bytes)
            kinds.insert(input.kind)
            #expect(throws: Never.self, "\(file.lastPathComponent)") { try input.check() }
        }
        #expect(kinds.isSuperset(of: [0, 2, 3, 4, 5, 6, 7]), "each reader is asked")
    }
}
