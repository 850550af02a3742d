import HTTPTypes

/// Whose turn it is on a connection: what becomes of bytes that arrive, whether an answer is due, what follows when one has ended.
/// One request at a time: the next one is read once the answer to the one before has ended.
struct ConnectionState: Sendable, Equatable {
    /// What is done with bytes that arrive.
    enum Inbound: Sendable, Equatable {
        /// They are the head of a request, or the beginning of one.
        case head
        /// They are the body of the request, and are handed on.
        case body
        /// They are the rest of a body that nobody wants any more: taken apart to find its end, and dropped.
        case unwantedBody
        /// They belong to later requests and wait.
        case held
        /// Nothing more is read on this connection: they are dropped as they are.
        case dropped
    }

    /// What follows.
    enum Next: Sendable, Equatable {
        case goOn
        /// The rest of the body is to be discarded, in bounds.
        case discard
        /// The next request may be read.
        case awaitHead
        /// Nothing more is sent; the connection closes once the caller has had time to read.
        case close
    }

    /// What an answer has to say of the connection.
    enum Persistence: Sendable, Equatable {
        /// `Connection: close`.
        case closes
        /// `Connection: keep-alive`, for a caller who cannot know.
        case says
        /// Nothing: that is what HTTP/1.1 means.
        case implied
    }

    private(set) var inbound = Inbound.head
    /// Whether a request is being answered.
    private(set) var isAnswerDue = false
    /// The answer is to HEAD: it has no body.
    private(set) var isHead = false
    private(set) var isHTTP10 = false
    /// The connection ends with the answer.
    private(set) var closes = false
    /// The caller waits for `100 Continue`.
    private(set) var awaitsContinue = false
    /// The connection ends with what is under way: the process stops.
    private var isQuiescing = false

    /// Whether the body is arriving, wanted or not.
    var isReceiving: Bool { inbound == .body || inbound == .unwantedBody }

    mutating func headArrived(_ head: RequestHead) {
        inbound = .body
        isAnswerDue = true
        isHead = head.request.method == .head
        isHTTP10 = head.isHTTP10
        closes = isQuiescing || !head.keepsAlive
        awaitsContinue = head.awaitsContinue
    }

    /// Something of the body arrived: the caller did not wait, or no longer does.
    mutating func bodyArrived() { awaitsContinue = false }

    /// Somebody wants the body. True: the caller has to be told.
    mutating func bodyWanted() -> Bool {
        defer { awaitsContinue = false }
        return awaitsContinue
    }

    /// The body has come to its end.
    mutating func bodyEnded() -> Next {
        awaitsContinue = false
        guard isAnswerDue else { return requestEnded() }
        inbound = .held
        return .goOn
    }

    /// The body cannot be understood, or will never be whole. True: an answer is due that has to know.
    mutating func bodyBroke() -> Bool {
        inbound = .dropped
        closes = true
        return isAnswerDue
    }

    /// What still comes of the body is not wanted: the process stops. False: there is none.
    mutating func cutOff() -> Bool {
        guard inbound == .body else { return false }
        inbound = .unwantedBody
        closes = true
        return true
    }

    /// The head of the answer is about to be sent.
    /// - Parameters:
    ///   - saysClose: it says so itself.
    ///   - hasLength: the caller can tell where it ends though the connection goes on.
    mutating func answerBegins(saysClose: Bool, hasLength: Bool) -> Persistence {
        if saysClose || isHTTP10 && !hasLength { closes = true }
        // A caller who still waits for the word will not send the body now, or will: nobody can tell where the next request begins.
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

    /// What arrived was no request, and has been answered.
    mutating func refused() {
        inbound = .dropped
        isAnswerDue = false
        closes = true
    }

    /// The process stops. True: nothing is under way, the connection may go at once.
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
