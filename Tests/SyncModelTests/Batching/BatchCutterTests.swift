import SyncModel
import Testing

@Suite("Cutting batches")
struct BatchCutterTests {
    private func cut(
        _ users: [(id: String?, email: String)], kindeIDs: [Int: String] = [:], batchUsers: Int = 100, runUsers: Int = 100_000,
        blocks: Int = 64, batchBytes: Int = 1 << 20
    ) -> [NewBatch] {
        var cutter = BatchCutter(
            batchUsers: batchUsers, batchBytes: batchBytes, runUsers: runUsers, budget: RunBudget(blocks: blocks))
        var batches: [NewBatch] = []
        for (i, user) in users.enumerated() {
            var writer = UserRecordWriter()
            writer.begin(index: UInt32(i))
            if let id = user.id { writer.set(.id, text: id) }
            if let id = kindeIDs[i] { writer.set(.kindeUserID, text: id) }
            writer.set(.email, text: user.email)
            writer.set(.name, text: "n")
            writer.end()
            BatchPayload(writer).forEachRaw { cutter.add($0, $1) }
            if cutter.isFull { while let batch = cutter.nextBatch() { batches.append(batch) } }
        }
        cutter.close()
        while let batch = cutter.nextBatch() { batches.append(batch) }
        return batches
    }

    private func users(_ batches: [NewBatch]) -> [(index: UInt32, email: String)] {
        batches.flatMap { batch in
            var out: [(UInt32, String)] = []
            batch.payload.forEach { out.append(($0.index, $0.text(.email) ?? "")) }
            return out
        }
    }

    @Test("every user comes out once, in batches of the size asked for, sorted by email within a run")
    func sortedRuns() {
        let emails = (0..<1050).map { "U\(($0 * 7919) % 1050 + 1000)@x.example" }
        let batches = cut(emails.enumerated().map { (id: "i\($0)", email: $1) }, runUsers: 500)
        let out = users(batches)
        #expect(Set(out.map(\.index)) == Set(0..<1050))
        #expect(out.count == 1050)
        #expect(batches.dropLast().allSatisfy { $0.payload.count == 100 })
        for run in [out[0..<500], out[500..<1000], out[1000..<1050]] {
            if run.count > 100 { #expect(run.map { $0.email.lowercased() } == run.map { $0.email.lowercased() }.sorted()) }
        }
        for batch in batches {
            var indices: [UInt32] = []
            batch.payload.forEach { indices.append($0.index) }
            #expect(batch.firstIndex == indices.min() && batch.lastIndex == indices.max())
        }
    }

    @Test("equal emails, whatever their case, stay in index order")
    func equalEmails() {
        let list = (0..<400).map { (id: "i\($0)" as String?, email: $0 % 2 == 0 ? "Same@X.example" : "same@x.EXAMPLE") }
        #expect(users(cut(list)).map(\.index) == Array(0..<400))
    }

    @Test("users that share an id stay in index order though their emails would sort otherwise")
    func equalIDs() {
        var list = (0..<300).map { (id: "i\($0)" as String?, email: "m\($0)@x.example") }
        list[10] = (id: "twice", email: "z@x.example")
        list[200] = (id: "twice", email: "a@x.example")
        let order = users(cut(list)).map(\.index)
        #expect(order.firstIndex(of: 10)! < order.firstIndex(of: 200)!)
        #expect(Set(order).count == 300)
    }

    @Test("so do two of whom one has the other's Kinde id beside its own", arguments: [(10, 200), (200, 10)])
    func sharedKindeIDs(beside: Int, own: Int) {
        var list = (0..<300).map { (id: "i\($0)" as String?, email: "m\($0)@x.example") }
        list[10].email = "z@x.example"
        list[200].email = "a@x.example"
        for id in ["kp_1", nil] {
            list[own].id = id
            let order = users(cut(list, kindeIDs: [beside: "kp_1", own: id == nil ? "kp_1" : "kp_2"])).map(\.index)
            #expect(order.firstIndex(of: 10)! < order.firstIndex(of: 200)!)
        }
    }

    @Test("one batch stays as it was sent")
    func smallRequests() {
        #expect(users(cut([("1", "z@x.io"), ("2", "a@x.io"), (nil, "k@x.io")])).map(\.index) == [0, 1, 2])
    }

    @Test("a batch ends at its bytes too, and without memory for sorting the users still come out once")
    func bounds() {
        let long = String(repeating: "n", count: 30_000)
        let list = (0..<300).map { (id: "\($0)" as String?, email: "\(long)\($0)@x.example") }
        let batches = cut(list, blocks: 0, batchBytes: 100_000)
        #expect(batches.allSatisfy { $0.payload.bytes.count <= 100_000 })
        #expect(Set(users(batches).map(\.index)).count == 300)
    }

    @Test("a cutter gives back what it took, neither less nor more, once its users were collected", arguments: [1, 2, 3])
    func budgetOfCollected(blocks: Int) {
        let budget = RunBudget(blocks: 3)
        var cutter = BatchCutter(batchUsers: 100, budget: budget)
        for _ in 0..<3 {
            var writer = UserRecordWriter()
            for i in 0..<(50 * blocks - 10) {
                writer.begin(index: UInt32(i))
                writer.set(.email, text: "\(i)@x" + String(repeating: "y", count: 20_000))
                writer.end()
            }
            BatchPayload(writer).forEachRaw { cutter.add($0, $1) }
            // The first block is its own, the others are the budget's.
            var left = 0
            while budget.take() { left += 1 }
            budget.give(left)
            #expect(left == 3 - (blocks - 1))
            cutter.close()
            while cutter.nextBatch() != nil {}
            left = 0
            while budget.take() { left += 1 }
            budget.give(left)
            #expect(left == 3)
        }
    }

    @Test("memory taken for sorting is given back")
    func budget() {
        let budget = RunBudget(blocks: 3)
        for _ in 0..<5 {
            var cutter = BatchCutter(batchUsers: 100, budget: budget)
            var writer = UserRecordWriter()
            for i in 0..<200 {
                writer.begin(index: UInt32(i))
                writer.set(.email, text: "\(i)@x" + String(repeating: "y", count: 20_000))
                writer.end()
            }
            BatchPayload(writer).forEachRaw { cutter.add($0, $1) }
        }
        var granted = 0
        while budget.take() { granted += 1 }
        #expect(granted == 3)
    }
}
