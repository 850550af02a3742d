import SyncAPI

/// Holds the trailers of a body to the limits for the fields of a head.
struct TrailerLimit: Sendable {
    static let tooLong = WireRefusal.headTooLarge("A trailer field may have at most \(RequestHeadLimits.field) bytes")

    private var bytes = 0
    private var fields = 0

    /// Counts a line.
    /// - Parameter length: its bytes without its end; 0 is the empty line after the last one.
    mutating func count(_ length: Int) throws(WireRefusal) {
        bytes += length + 2
        if length > 0 { fields += 1 }
        guard bytes <= RequestHeadLimits.head else {
            throw .headTooLarge("The trailers of a body may have at most \(RequestHeadLimits.head) bytes")
        }
        guard fields <= RequestHeadLimits.fields else {
            throw .headTooLarge("A body may have at most \(RequestHeadLimits.fields) trailer fields")
        }
    }
}
