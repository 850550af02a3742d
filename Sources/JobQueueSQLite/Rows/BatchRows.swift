import JobQueue
import SQLiteSupport
import SyncModel

/// Writes the rows of new batches: a small one for lookups, and its payload.
enum BatchRows {
    private static let insertBatch = """
        INSERT INTO batches (id, first_index, last_index, users, pass) VALUES (?1, ?2, ?3, ?4, ?5)
        """
    private static let insertPayload = "INSERT INTO payloads (id, records) VALUES (?1, ?2)"

    /// - Parameter number: of the first batch; the others follow.
    /// - Returns: how many users they hold.
    static func insert(
        _ batches: [NewBatch], key: Int64, from number: Int, pass: BatchPass = .first, in context: WriteContext
    ) throws -> Int {
        guard number >= 0, number + batches.count <= BatchName.limit else {
            throw QueueError.refused("A job holds at most \(BatchName.limit) batches")
        }
        guard !batches.isEmpty else { return 0 }
        let row = try context.sql(insertBatch)
        let payload = try context.sql(insertPayload)
        var users = 0
        for (i, batch) in batches.enumerated() {
            let id = BatchName.id(key: key, number: number + i)
            try row.run(
                .int(id), .int(Int64(batch.firstIndex)), .int(Int64(batch.lastIndex)), .int(batch.payload.count),
                .int(pass.rawValue))
            try payload.run(.int(id), .bytes(batch.payload.bytes))
            users += batch.payload.count
        }
        return users
    }
}
