import SyncModel
import TestSupport
import Testing

@Suite("The results of a batch")
struct ResultsBlobTests {
    private let payload: BatchPayload = {
        var writer = UserRecordWriter()
        for index in 10..<15 as Range<UInt32> {
            writer.begin(index: index)
            if index != 12 { writer.set(.id, text: "id-\(index)") }
            if index == 13 { writer.set(.kindeUserID, .null) }
            if index != 14 { writer.set(.email, text: "user\(index)@example.com") }
            writer.end()
        }
        return BatchPayload(writer)
    }()

    private func applied(_ index: UInt32) -> AppliedUser {
        switch index {
        case 11: AppliedUser(index: 11, outcome: .failed, code: .identityConflict)
        case 12: AppliedUser(index: 12, outcome: .failed, code: .refusedByDatabase, detail: "CHECK é failed")
        default: AppliedUser(index: index, outcome: .created, crmUserID: Int64(index) << 33)
        }
    }

    private func result(_ index: UInt32) -> UserResult {
        UserResult(
            applied: applied(index), userID: index == 12 ? nil : "id-\(index)",
            email: index == 14 ? nil : "user\(index)@example.com")
    }

    @Test("outcomes are joined with who the users are, and read back")
    func roundTrip() {
        #expect(ResultsBlob(payload: payload, applied: (10..<15).map(applied)).results == (10..<15).map(result))
    }

    @Test("users without an outcome are left out; any order of outcomes gives the payload's")
    func partial() {
        #expect(ResultsBlob(payload: payload, applied: [11, 14].map(applied)).results == [11, 14].map(result))
        #expect(ResultsBlob(payload: payload, applied: [14, 10, 12].map(applied)).results == [10, 12, 14].map(result))
        #expect(ResultsBlob(payload: payload, applied: (10..<15).reversed().map(applied)).results == (10..<15).map(result))
        #expect(ResultsBlob(payload: payload, applied: []).results.isEmpty)
        for outcomes in [[11, 14], [14, 10, 12], [14, 13, 12, 11, 10], []].map({ $0.map(applied) }) {
            #expect(payload.results(of: outcomes) == ResultsBlob(payload: payload, applied: outcomes).results)
        }
    }

    @Test("a blob that is cut short or damaged does not crash")
    func damaged() {
        let bytes = ResultsBlob(payload: payload, applied: (10..<15).map(applied)).bytes
        for cut in 0..<bytes.count {
            let decoded = ResultsBlob(bytes: Array(bytes[..<cut])).results
            #expect(decoded == (10..<15).map(result).prefix(decoded.count).map { $0 })
            #expect(decoded.count < 5)
        }
        var random = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            var damaged = bytes
            for _ in 0..<3 { damaged[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0 ... .max, using: &random) }
            #expect(ResultsBlob(bytes: damaged).results.count <= 5)
        }
    }
}

extension ResultsBlob {
    fileprivate var results: [UserResult] {
        var found: [UserResult] = []
        forEachEntry { found.append(result(of: $0)) }
        return found
    }
}
