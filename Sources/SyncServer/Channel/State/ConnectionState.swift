import HTTPTypes

/// The state of a connection: what becomes of bytes that arrive, whether an answer is due, what follows when one has ended.
/// One request at a time: the next one is read once the answer to the previous one has ended.
struct ConnectionState: Sendable, Equatable {
    /// What is done with bytes that arrive.
    enum Inbound: Sendable, Equatable {
        /// They are a request's head, or part of one.
        case head
        /// They are the body of the request, and are passed on.
        case body
        /// They are the rest of a body that is no longer wanted: parsed to find its end, and dropped.
        case unwantedBody
        /// They belong to later requests and wait.
        case held
        /// Nothing more is parsed on this connection: they are dropped.
        case dropped
    }

    /// What happens next.
    enum Next: Sendable, Equatable {
        case goOn
        /// The rest of the body must be discarded, within limits.
        case discard
        /// The next request may be read.
        case awaitHead
        /// Nothing more is sent; the connection closes once the caller has had time to read.
        case close
    }

    /// What an answer must say about the connection.
    enum Persistence: Sendable, Equatable {
        /// `Connection: close`.
        case closes
        /// `Connection: keep-alive`, for a caller who cannot assume it.
        case says
        /// Nothing: HTTP/1.1 keeps connections open by default.
        case implied
    }

    private(set) var inbound = Inbound.head
    /// Whether a request is being answered.
    private(set) var isAnswerDue = false
    /// The answer is to HEAD, so it has no body.
    private(set) var isHead = false
    private(set) var isHTTP10 = false
    /// The connection ends with the answer.
    private(set) var closes = false
    /// The caller waits for `100 Continue`.
    private(set) var awaitsContinue = false
    /// The process is stopping: the connection ends with the request under way.
    private var isQuiescing = false

    mutating func headArrived(_ head: RequestHead) {
        inbound = .body
        isAnswerDue = true
        isHead = head.request.method == .head
        isHTTP10 = head.isHTTP10
        closes = isQuiescing || !head.keepsAlive
        awaitsContinue = head.awaitsContinue
    }

    /// Part of the body arrived: the caller did not wait, or no longer does.
    mutating func bodyArrived() { awaitsContinue = false }

    /// The body is wanted. True if the caller must be sent `100 Continue`.
    mutating func bodyWanted() -> Bool {
        defer { awaitsContinue = false }
        return awaitsContinue
    }

    /// The body has ended.
    mutating func bodyEnded() -> Next {
        awaitsContinue = false
        guard isAnswerDue else { return requestEnded() }
        inbound = .held
        return .goOn
    }

    /// The body is malformed, or will never be complete. True if an answer is due, whose handler must learn of it.
    mutating func bodyBroke() -> Bool {
        inbound = .dropped
        closes = true
        return isAnswerDue
    }

    /// The process is stopping; the rest of the body is unwanted. False if no body is arriving.
    mutating func cutOff() -> Bool {
        guard inbound == .body else { return false }
        inbound = .unwantedBody
        closes = true
        return true
    }

    /// The connection must make room: it ends with the answer that is due.
    mutating func lastRequest() { closes = true }

    /// The answer's head is about to be sent.
    /// - Parameters:
    ///   - saysClose: its own headers say so.
    ///   - hasLength: the caller can tell where it ends although the connection stays open.
    mutating func answerBegins(saysClose: Bool, hasLength: Bool) -> Persistence {
        if saysClose || isHTTP10 && !hasLength { closes = true }
        // A caller still waiting for `100 Continue` may or may not send the body: where the next request begins is unknown.
        if awaitsContinue { closes = true }
        return closes ? .closes : isHTTP10 ? .says : .implied
    }

    /// The answer has ended.
    mutating func answerEnded() -> Next {
        isAnswerDue = false
        switch inbound {
        case .held: return requestEnded()
        case .body, .unwantedBody:
            inbound = .unwantedBody
            return .discard
        case .dropped: return .close
        case .head: return .goOn
        }
    }

    /// What arrived was not a request, and has been answered.
    mutating func refused() {
        inbound = .dropped
        isAnswerDue = false
        closes = true
    }

    /// The process is stopping. True if nothing is under way and the connection may close at once.
    mutating func quiesce() -> Bool {
        isQuiescing = true
        closes = true
        return inbound == .head
    }

    private mutating func requestEnded() -> Next {
        guard !closes else {
            inbound = .dropped
            return .close
        }
        inbound = .head
        return .awaitHead
    }
}
