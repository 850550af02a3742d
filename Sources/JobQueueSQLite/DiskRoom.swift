import JobQueue

/// What is spoken for on the disks of queue and directory: by uploads under way, and by accepted users who are not in the directory yet.
///
/// What is written shows in the free bytes. The rest is estimated: an upload's by its own users once there are some, before that by
/// recent ones, as a body's length does not say how many users are in it.
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
    }

    var free = Free()
    private let limits: QueueLimits
    private var uploads: [UploadID: Upload] = [:]
    /// Bytes per user, on average over those who are pending or arriving.
    private(set) var userBytes: Double = 400
    /// So many users of the first average are added to them: a few others do not say what the next ones are like.
    private static let usualUsers: Double = 1000

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
        if reason == nil { learn(bytes: bytes, of: users, pendingUsers: pendingUsers) }
        return reason
    }

    /// Keeps the average such that it tells, times the pending users, how many bytes they have: few users of many bytes neither vanish
    /// among the others nor count for them.
    private mutating func learn(bytes: Int64, of users: Int, pendingUsers: Int) {
        guard users > 0 else { return }
        let arriving = uploads.values.reduce(0) { $0 + $1.users }
        let known = Self.usualUsers + Double(max(0, pendingUsers)) + Double(max(0, arriving - users))
        userBytes = (userBytes * known + Double(bytes)) / (known + Double(users))
    }

    /// The body of an upload has ended: nothing more of it comes, however much was announced.
    mutating func end(_ upload: UploadID) { uploads[upload]?.toCome = 0 }

    mutating func settle(_ upload: UploadID) { uploads[upload] = nil }

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
        let pending = inDirectory(users: Double(pendingUsers), bytes: Double(pendingUsers) * userBytes)
        let spoken = uploads.values.reduce(Bytes(directory: pending)) { $0 + need($1) }
        guard limits.directoryElsewhere != nil else {
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
