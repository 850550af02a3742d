import SyncModel
#if canImport(TestSupport)
    import TestSupport
#endif

/// What must hold for the batches that users are cut into.
enum BatchProperties {
    static func check(_ payload: BatchPayload) throws {
        var cutter = BatchCutter(batchUsers: 2, runUsers: 5, budget: RunBudget(blocks: 0))
        var batches: [NewBatch] = []
        func collect() {
            while let batch = cutter.nextBatch() { batches.append(batch) }
        }
        payload.forEachRaw { raw, record in
            cutter.add(raw, record)
            if cutter.isFull { collect() }
        }
        cutter.close()
        collect()
        var indices: [UInt32] = []
        // The highest index so far of the users with one id, and with one email.
        var last: [[UInt8]: UInt32] = [:]
        for batch in batches {
            try hold((1...2).contains(batch.payload.count), "a batch holds as many users as it may")
            try batch.payload.forEach { record in
                try hold((batch.firstIndex...batch.lastIndex).contains(record.index), "a batch knows its users' indices")
                indices.append(record.index)
                let email = (record.text(.email) ?? "").utf8.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }
                let id = record.text(.id)
                var ids = [id, record.text(.kindeUserID)].compactMap { $0 }
                // A Kinde id counts even if it is not the user's own, any other only if it is.
                if let id, id.hasPrefix("kp_") { ids = [id] }
                ids.removeAll { $0 != id && !$0.hasPrefix("kp_") }
                for key in [[1] + email] + ids.map({ [0] + Array($0.utf8) }) {
                    if let before = last[key] {
                        try hold(before < record.index, "users that share an id or an email keep their order")
                    }
                    last[key] = record.index
                }
            }
        }
        try hold(indices.sorted() == (0..<UInt32(payload.count)).map { $0 }, "every user is in one batch")
    }
}
