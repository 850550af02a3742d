import HTTPTypes
import Metrics
import Synchronization
import Telemetry

/// How long requests take: a timer per combination of labels, made when first seen.
final class RequestDurations: Sendable {
    private struct Labels: Hashable {
        var method: String
        var route: String
        var status: Int
    }

    private let metric = Metric("usersync_http_request_duration_seconds", "From the head of a request to its answer.")
    private let timers = Mutex<[Labels: Timer]>([:])

    /// - Parameters:
    ///   - seconds: from the head's arrival to the answer's head.
    ///   - route: the route's path, not the request's: a label must have few values.
    func record(_ seconds: Double, method: HTTPRequest.Method, route: String, status: Int) {
        let labels = Labels(method: Self.label(method), route: route, status: status)
        let timer = timers.withLock { timers in
            if let timer = timers[labels] { return timer }
            let timer = metric.timer(
                ("method", labels.method), ("path", labels.route), ("status", String(labels.status)))
            timers[labels] = timer
            return timer
        }
        timer.recordSeconds(seconds)
    }

    /// The method's label: a fixed set of values.
    private static func label(_ method: HTTPRequest.Method) -> String {
        switch method {
        case .get, .post, .put, .delete, .patch, .head, .options: method.rawValue
        default: "other"
        }
    }
}
