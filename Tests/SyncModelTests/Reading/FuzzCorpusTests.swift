import Foundation
import Testing

@Suite("The corpus of the fuzzer")
struct FuzzCorpusTests {
    @Test("every property holds for every input that a fuzzer found worth keeping")
    func corpus() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Fuzz/Corpus", directoryHint: .isDirectory).standardized
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        var kinds: Set<UInt8> = []
        for file in files {
            let input = FuzzInput(Array(try Data(contentsOf: file)))
            kinds.insert(input.kind)
            #expect(throws: Never.self, "\(file.lastPathComponent)") { try input.check() }
        }
        #expect(kinds.isSuperset(of: [0, 2, 3, 4, 5, 6, 7]), "each reader is asked")
    }
}
