extension SQLiteUserDirectory {
    /// Tuning that rarely needs changing.
    package struct Options: Sendable {
        /// Seconds to wait for another process's lock.
        package var busyTimeout: Double
        /// Pages of the write-ahead log from which a commit is followed by a checkpoint (48,000 of 4 KiB: 190 MiB). Measured
        /// beside a bulk of 300,000 users: it takes 160 ms with four times as many, 75 ms with these, 50 ms with a third, which
        /// costs a tenth of the bulk's rate; a million users take no longer with these.
        package var walPageLimit: Int
        /// Page cache of the connection in KiB; `nil` for what suits the file's size (`FileScale`).
        package var cacheKiB: Int?
        /// `RETENTION_DAYS`: how long a removal of an unknown id is remembered.
        package var retentionDays: Double
        /// Steps beyond its own batches that a commit may take in last passes (`LastPassAllowance`).
        package var lastPassSteps = 10_000
        /// Seconds for which it is remembered that `sync_logs` takes no row.
        package var logPause = 5.0
        /// The disk that holds the file; `nil` if its room does not matter.
        package var disk: Disk?

        /// `walPageLimit`, or fewer if they are more than a quarter of `MIN_FREE_DISK_BYTES`: a disk that others fill at once must be
        /// able to take what the log holds as soon as that much is free again. Not fewer than 4,000 (16 MiB).
        var logPages: Int { min(walPageLimit, disk.map { max(4_000, Int($0.minFreeBytes / 4 / 4096)) } ?? .max) }

        package init(busyTimeout: Double = 2, walPageLimit: Int = 48_000, cacheKiB: Int? = nil, retentionDays: Double = 7) {
            self.busyTimeout = busyTimeout
            self.walPageLimit = walPageLimit
            self.cacheKiB = cacheKiB
            self.retentionDays = retentionDays
        }
    }

    /// The disk that holds the directory's file.
    package struct Disk: Sendable {
        /// `MIN_FREE_DISK_BYTES`, from which follow where it is tight and where the directory stops (`DiskMargins`).
        package var minFreeBytes: Int64
        /// `nil` if the system does not report it.
        package var freeBytes: @Sendable () -> Int64?
        /// Called when there is no room for a commit, to give up what can be spared. May be called again.
        package var onShortage: @Sendable () -> Void

        package init(
            minFreeBytes: Int64, freeBytes: @escaping @Sendable () -> Int64?, onShortage: @escaping @Sendable () -> Void = {}
        ) {
            self.minFreeBytes = minFreeBytes
            self.freeBytes = freeBytes
            self.onShortage = onShortage
        }
    }
}
