import NIOCore
import Synchronization

/// A request's body, made from a file while it is sent: never more of it in memory than a few chunks.
struct UploadBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let file: InputFile
    /// What was read of the file before, to look at it.
    let head: [ByteBuffer]
    let format: UserFileFormat
    /// For users without an envelope of their own.
    let envelope: Envelope?
    let isCompressed: Bool
    let meter: UploadMeter

    func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// One pass; a file is sent once.
    final class Iterator: AsyncIteratorProtocol {
        private let body: UploadBody
        private var head: ArraySlice<ByteBuffer>
        private var encoder: (any BodyEncoder)?
        private var gzip: GzipEncoder?
        private var isDone = false

        init(_ body: UploadBody) {
            self.body = body
            head = body.head[...]
            encoder = body.envelope.flatMap { envelope in
                switch body.format {
                case .json: nil
                case .ndjson: NDJSONEncoder(envelope: envelope)
                case .csv: CSVEncoder(envelope: envelope)
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

/// How much of a file has been handed to the connection.
final class UploadMeter: Sendable {
    private let state = Mutex((bytes: 0, remarks: [String]()))

    func count(_ bytes: Int) { state.withLock { $0.bytes += bytes } }
    func end(remarks: [String]) { state.withLock { $0.remarks = remarks } }

    var bytes: Int { state.withLock { $0.bytes } }
    var remarks: [String] { state.withLock { $0.remarks } }
}
