import Crypto
import Hummingbird
import NIOCore
import ServiceLifecycle
import SyncModel

/// Receives the body of a submission: limits, inflates and, if asked to, hashes it. Passes the content on chunk by chunk.
struct BodyReceiver {
    private let limit: BodyLimit
    private let inflater: GzipInflater?
    private var hash: SHA256?
    /// Bytes as received, and after inflation.
    private var arrived = 0
    private var received = 0

    /// - Parameters:
    ///   - limit: for the body, both as received and after inflation.
    ///   - hashes: whether `bodyHash` will be asked for.
    init(limit: BodyLimit, isGzip: Bool, hashes: Bool) {
        self.limit = limit
        inflater = isGzip ? GzipInflater() : nil
        hash = hashes ? SHA256() : nil
    }

    /// SHA-256 of the inflated body; complete once `receive` has returned.
    var bodyHash: [UInt8] { hash.map { Array($0.finalize()) } ?? [] }

    /// Receives the whole body.
    /// - Parameters:
    ///   - channel: asked for the body (`100 Continue`), and asked to cut it off when the process stops.
    ///   - take: receives the bytes.
    ///   - pause: called after each chunk, for slow work; the caller waits meanwhile.
    /// - Throws: 413, 400 for damaged gzip, 503 when the process stops; and what `take` and `pause` throw.
    mutating func receive(
        _ body: RequestBody, channel: any Channel, take: (UnsafeRawBufferPointer) throws -> Void, pause: () async throws -> Void
    ) async throws {
        channel.triggerUserOutboundEvent(ContinueEvent(), promise: nil)
        try await withGracefulShutdownHandler {
            for try await chunk in body {
                // Count before inflating: input that inflates to nothing could go on for ever.
                arrived += chunk.readableBytes
                try limit.check(arrived)
                do {
                    try chunk.withUnsafeReadableBytes { bytes in
                        if let inflater {
                            try inflater.inflate(bytes) { try keep($0, take) }
                        } else {
                            try keep(bytes, take)
                        }
                    }
                } catch GzipInflater.Problem.damaged {
                    throw BodyReceiver.damagedGzip
                }
                try await pause()
            }
        } onGracefulShutdown: {
            // Ends the sequence above even if the caller never sends another byte.
            channel.triggerUserOutboundEvent(CutOffEvent(), promise: nil)
        }
        if Task.isShuttingDownGracefully { throw BodyReceiver.stopping }
        do { try inflater?.finish() } catch { throw BodyReceiver.damagedGzip }
    }

    private mutating func keep(_ bytes: UnsafeRawBufferPointer, _ take: (UnsafeRawBufferPointer) throws -> Void) throws {
        received += bytes.count
        try limit.check(received)
        hash?.update(bufferPointer: bytes)
        try take(bytes)
    }

    static let stopping = APIError.unavailable("The server is stopping", retryAfter: 5)
    private static let damagedGzip = SubmissionHeaders.early("The body is not valid gzip")
}
