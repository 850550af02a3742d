import JobQueue

/// What is spoken for on the disks of queue and directory: by uploads under way, and by accepted users who are not in the directory yet.
///
/// What is written shows in the free bytes, and what is pending is counted. The rest is estimated: how many users are still to come in
/// an upload, by its own users once there are some, before that by recent ones, as a body's length does not say.
struct DiskRoom {
    /// Bytes in two columns: the queue's file, and the directory's.
    struct Bytes {
        var queue: Double = 0
        var directory: Double = 0

        static func + (one: Bytes, other: Bytes) -> Bytes {
            Bytes(queue: one.queue + other.queue, directory: one.directory + other.directory)
        }
    }

    private struct Upload {
        /// Announced and not written yet.
        var toCome: Int64 = 0
        var written: Int64 = 0
        var users = 0
    }

    /// Free bytes as last measured; `nil` if the system does not report them.
    struct Free {
        var queue: Int64?
        /// Only if the directory is on another disk.
        var directory: Int64?
        /// What stands in the directory's log beyond the length it has by itself: somebody reads that file, and the log must be written
        /// back into it once they are done.
        var directoryLog: Int64 = 0
    }

    var free = Free()
    private let limits: QueueLimits
    private var uploads: [UploadID: Upload] = [:]
    /// Bytes of the users that are pending: of each as it was sent.
    private(set) var pendingBytes: Double = 0
    /// Bytes per user, as a moving average over users.
    private(set) var userBytes = usualUserBytes
    static let usualUserBytes: Double = 400
    /// So many users count as much as all before them.
    private static let usualUsers: Double = 10_000

    /// What a user's row takes besides its texts, in bytes, and how often their bytes count: id and address are in the row and in
    /// indexes, whose pages are not full. Measured: 223 bytes for a user of 50, 438 for one of 240, 363 for 110, 1,273 for 500.
    private static let rowBytes: Double = 250
    private static let copies: Double = 2

    init(limits: QueueLimits) { self.limits = limits }

    // MARK: Uploads

    /// Reserves room for an upload of this many bytes.
    /// - Returns: why there is not enough; `nil` if there is.
    mutating func open(_ upload: UploadID, bytes: Int64, pendingUsers: Int) -> String? {
        let new = Upload(toCome: max(0, bytes))
        let reason = lack(of: need(new), pendingUsers: pendingUsers)
        if reason == nil { uploads[upload] = new }
        return reason
    }

    /// Counts further bytes of an upload as written.
    /// - Returns: why they, and what is still to come, do not fit; `nil` if they do.
    mutating func append(_ bytes: Int64, users: Int, to upload: UploadID, pendingUsers: Int) -> String? {
        let before = uploads.removeValue(forKey: upload) ?? Upload()
        var after = before
        after.toCome = max(0, before.toCome - bytes)
        after.written += bytes
        after.users += users
        let reason = lack(of: need(after) + Bytes(queue: Double(bytes)), pendingUsers: pendingUsers)
        uploads[upload] = reason == nil ? after : before
        if reason == nil, users > 0 {
            // Few users of many bytes do not say what the next ones are like.
            userBytes += (Double(bytes) / Double(users) - userBytes) * Double(users) / (Self.usualUsers + Double(users))
        }
        return reason
    }

    /// The body of an upload has ended: nothing more of it comes, however much was announced.
    mutating func end(_ upload: UploadID) { uploads[upload]?.toCome = 0 }

    mutating func settle(_ upload: UploadID) { uploads[upload] = nil }

    /// An upload became a job: its users are pending now.
    mutating func accept(_ upload: UploadID) {
        guard let accepted = uploads.removeValue(forKey: upload) else { return }
        pendingBytes += Double(accepted.written + accepted.toCome)
    }

    /// Users with so many bytes are pending now.
    mutating func pend(_ bytes: Int64) { pendingBytes += Double(bytes) }

    /// Users with so many bytes no longer are.
    /// - Parameter pendingUsers: how many are left. With the last one goes what the estimate of others left behind.
    mutating func unpend(bytes: Int64, leaving pendingUsers: Int) {
        pendingBytes = pendingUsers > 0 ? max(0, pendingBytes - Double(bytes)) : 0
    }

    /// So many of the pending users no longer are, whichever they were.
    mutating func unpend(users: Int, leaving pendingUsers: Int) {
        guard users > 0 else { return }
        pendingBytes *= pendingUsers > 0 ? Double(pendingUsers) / (Double(pendingUsers) + Double(users)) : 0
    }

    var openUploads: Int { uploads.count }

    // MARK: Needs

    /// What users take in the directory, in bytes.
    private func inDirectory(users: Double, bytes: Double) -> Double { users * Self.rowBytes + bytes * Self.copies }

    /// What an upload will still take.
    private func need(_ upload: Upload) -> Bytes {
        let ownBytes = upload.users > 0 ? max(1, Double(upload.written) / Double(upload.users)) : userBytes
        let toCome = Double(upload.toCome)
        return Bytes(
            queue: toCome,
            directory: inDirectory(users: Double(upload.users), bytes: Double(upload.written))
                + inDirectory(users: toCome / ownBytes, bytes: toCome))
    }

    /// Why this much more does not fit; `nil` if it does, or if that is unknown.
    func lack(of more: Bytes = Bytes(), pendingUsers: Int) -> String? {
        let pending = pendingUsers > 0 ? inDirectory(users: Double(pendingUsers), bytes: pendingBytes) : 0
        let spoken = uploads.values.reduce(Bytes(directory: pending + Double(free.directoryLog))) { $0 + need($1) }
        guard limits.directory?.isElsewhere == true else {
            return lack(more.queue + more.directory, spoken.queue + spoken.directory, free: free.queue, whose: "The")
        }
        return lack(more.queue, spoken.queue, free: free.queue, whose: "The queue's")
            ?? lack(more.directory, spoken.directory, free: free.directory, whose: "The directory's")
    }

    private func lack(_ more: Double, _ spokenFor: Double, free: Int64?, whose: String) -> String? {
        guard let free else { return nil }
        let limit = limits.minFreeDiskBytes
        guard free < limit || Double(free) - Double(limit) < spokenFor + more else { return nil }
        var reason = "\(whose) disk has \(free) bytes free"
        if spokenFor >= 1 { reason += ", \(Self.whole(spokenFor)) of them spoken for" }
        if more >= 1 { reason += ", \(Self.whole(more)) are needed" }
        return reason + ", below the limit of \(limit)"
    }

    private static func whole(_ bytes: Double) -> Int64 { Int64(min(bytes.rounded(.up), 1e15)) }
}
