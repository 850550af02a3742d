import JobQueue
import SQLiteSupport
import SyncModel

/// Jobs whose id can no longer be read: something else has written to the file. Left alone, such a job would be in nobody's list,
/// would never end, and its tenant would wait for it for ever. It gets another id, under which it goes on in its place.
extension SQLiteJobQueue {
    /// The tenant's head job, if its id had to be replaced.
    func headWithNewID(of tenantID: TenantID, in context: WriteContext) throws -> HeadJob? {
        guard let seq = try context.sql(HeadJob.firstSeq).first(.tenant(tenantID), map: { $0.int64(0) }) else { return nil }
        try replaceID(of: seq, for: "lease", in: context)
        return try HeadJob.find(tenantID, context.db)
    }

    /// - Returns: whether there were any.
    func replaceIDs(of unreadable: [Int64], for event: String) async throws -> Bool {
        guard !unreadable.isEmpty else { return false }
        try await writer.write { [self] context in
            for seq in unreadable { try replaceID(of: seq, for: event, in: context) }
        }
        return true
    }

    private func replaceID(of seq: Int64, for event: String, in context: WriteContext) throws {
        let id = JobID(now: clock.now())
        try context.sql("UPDATE jobs SET id = ?2 WHERE seq = ?1").run(.int(seq), .text(id.text))
        guard let row = try JobRow.find(seq: seq, context.db) else { return }
        try warn("The id under which this job was accepted can no longer be read; it has another one now", of: row, in: context)
        report(ImpossibleTransition(.job, id.text, in: "with an id that cannot be read", met: event))
    }
}

extension JobRow {
    /// The `seq` of a row with an id that cannot be read; `nil` for any other.
    static func unreadable(_ row: SQLRow) -> Int64? { JobID(stored: row.text(7)) == nil ? row.int64(0) : nil }
}

extension JobID {
    /// As a table has it. In upper case it is not to be found by its text, and so is none.
    init?(stored text: String) {
        guard !text.utf8.contains(where: { (0x41...0x5A).contains($0) }) else { return nil }
        self.init(text)
    }
}
