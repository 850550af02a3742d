import JobQueue
import Settings
import SyncModel

/// One sync request on its way into the queue: bytes are parsed into users, users cut into batches, and batches appended while
/// the body arrives. Nothing is visible until the job is accepted. Not Sendable: confined to one task.
final class UploadSession {
    /// Bytes of batches appended in one write: enough to be worth a write, few enough to hold others up only briefly.
    private static let appendBytes = 2 << 20

    private let queue: any JobIntake
    private let seats: UploadSeats
    private var hasSeat = false
    /// Bytes of the body so far.
    private(set) var received = 0
    private var reader: SyncRequestReader
    private var cutter: BatchCutter
    private var upload: UploadID?
    private var group: [NewBatch] = []
    private var groupBytes = 0

    /// - Parameter body: which body it is, if that is known before it arrives.
    init(_ dependencies: IntakeDependencies, body: SyncBody? = nil) {
        let settings = dependencies.settings
        queue = dependencies.queue
        seats = dependencies.seats
        reader = SyncRequestReader(maxUsers: settings.maxUsersPerRequest, validation: settings.validation, body: body)
        cutter = BatchCutter(batchUsers: settings.batchSize, budget: dependencies.budget)
    }

    deinit { leaveSeat() }

    /// Which body it is; `nil` as long as that is not known.
    var body: SyncBody? { reader.body }

    /// Reserves room, and a seat, for a large body before it is read. Only `accept` and `discard` give the room back.
    /// - Parameter bytes: its length, as far as it is known.
    func expect(_ bytes: Int) async throws {
        guard bytes > UploadSession.appendBytes else { return }
        try takeSeat()
        upload = try await queue.openUpload(expecting: Int64(bytes))
    }

    /// Reads the next bytes.
    func take(_ bytes: UnsafeRawBufferPointer) throws {
        received += bytes.count
        if received > UploadSeats.largeBytes { try takeSeat() }
        try reader.feed(bytes)
        drainReader()
    }

    private func takeSeat() throws {
        guard !hasSeat else { return }
        try seats.take()
        hasSeat = true
    }

    private func leaveSeat() {
        if hasSeat { seats.give() }
        hasSeat = false
    }

    /// Writes what is ready to the queue; called between chunks.
    func flush() async throws {
        if cutter.isFull { try await append() }
    }

    /// The body has ended.
    func finish() async throws -> SyncRequestOutcome {
        let outcome = try reader.finish()
        guard case .sync = outcome else { return outcome }
        drainReader()
        cutter.close()
        try await append()
        return outcome
    }

    /// Turns what was read into a job. The session cannot be used afterwards.
    func accept(_ job: NewJob) async throws -> Job {
        var job = job
        // A single batch settles conflicts by itself.
        if upload != nil || group.count > 1 { job.carriedIDs = cutter.carriedIDs }
        let accepted = try await queue.accept(job, upload: upload, batches: group)
        upload = nil
        // A caller waiting for the result does not hold a seat.
        group = []
        leaveSeat()
        return accepted
    }

    /// Drops what was appended, and what was reserved. Must be called unless `accept` has succeeded.
    func discard() async {
        if let upload { await queue.discard(upload) }
        upload = nil
        group = []
        leaveSeat()
    }

    private func drainReader() {
        if reader.isRefused {
            _ = reader.takeUsers()
        } else {
            reader.drainUsers { raw, record in cutter.add(raw, record) }
        }
    }

    private func append() async throws {
        while let batch = cutter.nextBatch() {
            if groupBytes + batch.payload.bytes.count > UploadSession.appendBytes, !group.isEmpty { try await appendGroup() }
            group.append(batch)
            groupBytes += batch.payload.bytes.count
        }
    }

    private func appendGroup() async throws {
        let into: UploadID
        if let upload { into = upload } else { into = try await queue.openUpload() }
        upload = into
        try await queue.append(group, to: into)
        group.removeAll(keepingCapacity: true)
        groupBytes = 0
    }
}
