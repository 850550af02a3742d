import Foundation
import SyncModel

/// A body read as intake does (`UploadSession`), without the queue behind it.
enum BodyIntake {
    struct Job {
        let tenantID: TenantID
        let syncTime: Timestamp
        let batches: [NewBatch]
    }

    enum Problem: Error {
        /// The body is no sync whose users are all taken.
        case notTaken(SyncRequestOutcome)
    }

    /// Bytes that arrive at once.
    private static let pieceBytes = 65_536

    /// - Parameter path: of the file that holds the body.
    static func read(_ path: String) throws -> Job {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        var reader = SyncRequestReader()
        var cutter = BatchCutter(batchUsers: 100, budget: RunBudget(blocks: 64))
        var batches: [NewBatch] = []
        while let piece = try file.read(upToCount: pieceBytes), !piece.isEmpty {
            try piece.withUnsafeBytes { try reader.feed($0) }
            reader.drainUsers { raw, record in cutter.add(raw, record) }
            while let batch = cutter.nextBatch() { batches.append(batch) }
        }
        let outcome = try reader.finish()
        reader.drainUsers { raw, record in cutter.add(raw, record) }
        cutter.close()
        while let batch = cutter.nextBatch() { batches.append(batch) }
        guard case .sync(let envelope) = outcome, let syncTime = envelope.syncTime,
            batches.reduce(0, { $0 + $1.payload.count }) == envelope.totalUsers
        else { throw Problem.notTaken(outcome) }
        return Job(tenantID: envelope.tenantID, syncTime: syncTime, batches: batches)
    }
}
