import NIOCore
import SyncAPI

/// Finds the lines of a request's head in bytes as they arrive, and enforces the limits before the head is complete: a head that
/// never ends is not buffered without bound.
struct HeadLines: Sendable {
    /// Empty lines skipped before a request (RFC 9112, section 2.2).
    private static let maxEmptyLines = 4
    /// Bytes of a request line beside the target.
    private static let lineRest = 64

    /// The lines found, without their ends, as offsets from the first byte. The first is the request line.
    private(set) var lines: [Range<Int>] = []
    private var lineStart = 0
    private var scanned = 0
    private var emptyLines = 0

    /// Scans what has arrived since the last call.
    /// - Parameter bytes: everything from the first byte of the head on.
    /// - Returns: the length of the head once it is whole.
    mutating func scan(_ bytes: UnsafeRawBufferPointer) throws(WireRefusal) -> Int? {
        while let end = bytes[scanned...].firstIndex(of: 0x0A) {
            guard end > lineStart, bytes[end - 1] == 0x0D else { throw .malformed("A line of the head does not end with CR LF") }
            let line = lineStart..<end - 1
            lineStart = end + 1
            scanned = lineStart
            if line.isEmpty {
                try checkWhole(scanned)
                if !lines.isEmpty { return lineStart }
                emptyLines += 1
                guard emptyLines <= HeadLines.maxEmptyLines else { throw .malformed("Empty lines instead of a request") }
            } else {
                try check(line.count)
                try checkWhole(scanned)
                lines.append(line)
                guard lines.count <= RequestHeadLimits.fields + 1 else {
                    throw .headTooLarge("A request may have at most \(RequestHeadLimits.fields) header fields")
                }
            }
        }
        scanned = bytes.count
        // Half of the line's end may be here already.
        try check(bytes.count - lineStart - (bytes.last == 0x0D ? 1 : 0))
        try checkWhole(bytes.count)
        return nil
    }

    private func check(_ length: Int) throws(WireRefusal) {
        if lines.isEmpty {
            guard length <= RequestHeadLimits.target + HeadLines.lineRest else {
                throw .targetTooLong(limit: RequestHeadLimits.target)
            }
        } else {
            guard length <= RequestHeadLimits.field else {
                throw .headTooLarge("A header field may have at most \(RequestHeadLimits.field) bytes")
            }
        }
    }

    private func checkWhole(_ length: Int) throws(WireRefusal) {
        guard length <= RequestHeadLimits.head else {
            throw .headTooLarge("The head of a request may have at most \(RequestHeadLimits.head) bytes")
        }
    }
}
