import HTTPTypes
package import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import SyncAPI
package import SyncModel
import Synchronization

/// Counts and logs each answer once, whether a route sent it, or the connection in reply to something that is not a request.
package final class AnswerRecord: Sendable {
    /// What is recorded of an answer.
    struct Answer {
        var method: HTTPRequest.Method
        /// The route's path, not the request's: a label must have few values.
        var route: String?
        var status: Int
        /// From the request's head to the answer's.
        var seconds: Double
        var requestID: String
        /// The sentence in `error`, if the request was refused.
        var refusal: String?
    }

    private let clock: WallClock
    private let logger: Logger
    private let durations = RequestDurations()
    private let brake = Mutex(LogBrake(lines: 10, seconds: 1))

    package init(clock: WallClock, logger: Logger) {
        self.clock = clock
        self.logger = logger
    }

    func note(_ answer: Answer, _ logger: Logger) {
        let route = answer.route ?? "unknown"
        durations.record(answer.seconds, method: answer.method, route: route, status: answer.status)
        let (level, leftOut) = level(of: answer)
        guard logger.logLevel <= level else { return }
        var metadata: Logger.Metadata = [
            "method": .string(answer.method.rawValue), "path": .string(route), "status": .stringConvertible(answer.status),
            "milliseconds": .stringConvertible((answer.seconds * 1000 * 100).rounded() / 100),
        ]
        if let refusal = answer.refusal { metadata["error"] = .string(refusal) }
        if leftOut > 0 { metadata["notShown"] = .stringConvertible(leftOut) }
        logger.log(level: level, answer.refusal == nil ? "request answered" : "request refused", metadata: metadata)
    }

    /// A refusal is logged; of a flood of them, only a few per second, with the number of those left out.
    private func level(of answer: Answer) -> (Logger.Level, leftOut: Int) {
        guard answer.refusal != nil else { return (.debug, 0) }
        guard let leftOut = brake.withLock({ $0.take(at: clock.now()) }) else { return (.debug, 0) }
        return (.info, leftOut)
    }

    /// The answer to something that is not a request; counted and logged.
    func refuse(_ refusal: WireRefusal, isHead: Bool) -> (HTTPResponseHead, ByteBuffer) {
        let error = refusal.apiError
        let requestID = RequestIDRule.accept([])
        var logger = logger
        logger[metadataKey: "requestId"] = .string(requestID)
        note(
            Answer(
                method: isHead ? .head : HTTPRequest.Method("NONE") ?? .get, status: error.status.code, seconds: 0,
                requestID: requestID, refusal: error.sentence), logger)
        let now = clock.now()
        let body = ByteBuffer(bytes: error.document(requestID: requestID, now: now).json)
        var headers = error.headers
        headers[.requestID] = requestID
        headers[.contentType] = "application/json; charset=utf-8"
        headers[.cacheControl] = "no-store"
        headers[.connection] = "close"
        headers[.contentLength] = String(body.readableBytes)
        headers[.date] = HTTPDate.text(now)
        headers[.server] = "usersync"
        return (HTTPResponseHead(HTTPResponse(status: error.status, headerFields: headers)), body)
    }
}

/// Limits how many log lines of one kind are written per window of time.
struct LogBrake: Sendable {
    private let most: Int
    private let seconds: Int64
    private var window: Int64 = 0
    private var lines = 0
    private var leftOut = 0

    init(lines: Int, seconds: Int64) { (most, self.seconds) = (lines, seconds) }

    /// - Returns: how many were left out since the last line; `nil` if this one is left out too.
    mutating func take(at now: Timestamp) -> Int? {
        let window = now.microseconds / 1_000_000 / seconds
        if window != self.window { (self.window, lines) = (window, 0) }
        guard lines < most else {
            leftOut += 1
            return nil
        }
        lines += 1
        defer { leftOut = 0 }
        return leftOut
    }
}
