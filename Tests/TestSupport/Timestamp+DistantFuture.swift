package import SyncModel

extension Timestamp {
    /// After everything that happens in a test.
    package static let distantFuture = Timestamp(seconds: 4_000_000_000)
}
