import SyncModel
import TestSupport
import Testing

@Suite("Which ids a request carries")
struct CarriedIDsTests {
    private func bytes<Value>(_ text: String, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        Array(text.utf8).withUnsafeBytes(body)
    }

    @Test("none of those inserted is denied; of others few are taken for one", arguments: [0, 1, 127, 128, 5_000, 150_000])
    func answers(count: Int) {
        var carried = CarriedIDs()
        for number in 0..<count { bytes("user-\(number)") { carried.insert(hash: CarriedIDs.hash($0)) } }
        #expect((0..<count).allSatisfy { bytes("user-\($0)", carried.mayContain) })
        let mistaken = (0..<10_000).count { bytes("other-\($0)", carried.mayContain) }
        #expect(mistaken <= 300, "\(mistaken) of 10,000")
        if count < 128 { #expect(mistaken == 0) }
    }

    @Test("a cutter names every id it was given, also of users that broke a rule, and after it was collected")
    func cutter() {
        var cutter = BatchCutter(batchUsers: 10, runUsers: 50, budget: RunBudget(blocks: 2))
        var writer = UserRecordWriter()
        for number in 0..<300 {
            writer.begin(index: UInt32(number))
            writer.set(.id, text: "user-\(number)")
            if number % 7 == 0 { writer.set(.problem, text: "no email") } else { writer.set(.email, text: "\(number)@x.example") }
            writer.end()
        }
        BatchPayload(writer).forEachRaw {
            cutter.add($0, $1)
            while cutter.nextBatch() != nil {}
        }
        let carried = cutter.carriedIDs
        #expect((0..<300).allSatisfy { bytes("user-\($0)", carried.mayContain) })
    }
}
