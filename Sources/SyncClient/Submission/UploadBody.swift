import NIOCore
import SyncAPI
import Synchronization

/// A request's body, produced from a file while it is sent: at most a few chunks are in memory.
struct UploadBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let file: InputFile
    /// What was already read of the file to examine it.
    let head: [ByteBuffer]
    let format: UserFileFormat
    /// For files that contain only users.
    let frame: SyncRequestFrame?
    let isCompressed: Bool
    let meter: UploadMeter

    func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// Runs once: a file is sent once.
    final class Iterator: AsyncIteratorProtocol {
        private let body: UploadBody
        private var head: ArraySlice<ByteBuffer>
        private var encoder: (any BodyEncoder)?
        private var gzip: GzipEncoder?
        private var isDone = false

        init(_ body: UploadBody) {
            self.body = body
            head = body.head[...]
            encoder = body.frame.flatMap { frame in
                switch body.format {
                case .json: nil
                case .ndjson: NDJSONEncoder(frame: frame)
                case .csv: CSVEncoder(frame: frame)
                }
            }
        }

        func next() async throws -> ByteBuffer? {
            if body.isCompressed, gzip == nil, !isDone { gzip = try GzipEncoder() }
            while !isDone {
                let chunk = try await head.isEmpty ? body.file.next() : head.removeFirst()
                isDone = chunk == nil
                if let chunk { body.meter.count(chunk.readableBytes) }
                if encoder == nil, gzip == nil { return chunk }
                var out: [UInt8] = []
                if var encoder {
                    if let chunk { try encoder.encode(chunk, into: &out) } else { try encoder.finish(into: &out) }
                    self.encoder = encoder
                    if isDone { body.meter.end(remarks: encoder.remarks) }
                } else if let chunk {
                    out += chunk.readableBytesView
                }
                if gzip != nil {
                    let plain = out
                    out = []
                    try gzip?.compress(plain, isLast: isDone, into: &out)
                }
                if !out.isEmpty { return ByteBuffer(bytes: out) }
            }
            return nil
        }
    }
}

/// Counts how much of a file has been passed to the connection.
package final class UploadMeter: Sendable {
    private let state = Mutex((bytes: 0, remarks: [String]()))

    func count(_ bytes: Int) { state.withLock { $0.bytes += bytes } }
    func end(remarks: [String]) { state.withLock { $0.remarks = remarks } }

    package var bytes: Int { state.withLock { $0.bytes } }
    package var remarks: [String] { state.withLock { $0.remarks } }
}
