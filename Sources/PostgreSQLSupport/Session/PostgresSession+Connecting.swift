import CLibPQ

extension PostgresSession {
    /// Connects to the first host of the URL that lets us in. Each has its share of the time: a silent one does not use up all of it.
    /// Names are resolved by the system, whose own time limits apply.
    /// - Throws: an outage, whatever the reason; cancellation.
    func connect(to url: PostgresURL, deadline: ContinuousClock.Instant) throws(PostgresError) {
        secrets = url.secrets
        let attempts = url.attempts
        var failures: [PostgresError] = []
        for (index, parameters) in attempts.enumerated() {
            let share = ContinuousClock.now.duration(to: deadline) / (attempts.count - index)
            do {
                handle = try open(parameters, until: .now + min(share, url.connectTimeout))
                return
            } catch {
                guard error.kind == .outage else { throw error }
                failures.append(error)
            }
        }
        var error = PostgresError(.outage, failures.map(\.message).joined(separator: "; "))
        error.sqlState = failures.last { !$0.sqlState.isEmpty }?.sqlState ?? ""
        throw error
    }

    private func open(_ parameters: [String: String], until end: ContinuousClock.Instant) throws(PostgresError)
        -> ConnectionHandle
    {
        let handle = try ConnectionHandle(starting: parameters)
        guard PQstatus(handle.pointer) != CONNECTION_BAD else { throw failure(of: handle) }
        var events = SocketWait.writable
        while true {
            // Asked for each time: libpq opens another for another address, or without TLS.
            switch SocketWait.wait(for: events, of: handle.socket, or: pipe, until: end) {
            case .woken:
                if call.isCancelled { throw PostgresError(.cancelled, "cancelled while connecting") }
                continue
            case .deadline: throw PostgresError(.outage, "\(parameters["host"] ?? "the server"): no answer while connecting")
            case .ready: break
            }
            switch PQconnectPoll(handle.pointer) {
            case PGRES_POLLING_OK:
                try prepare(handle)
                return handle
            case PGRES_POLLING_READING: events = SocketWait.readable
            case PGRES_POLLING_WRITING: events = SocketWait.writable
            default: throw failure(of: handle)
            }
        }
    }

    private func prepare(_ handle: ConnectionHandle) throws(PostgresError) {
        PQsetErrorVerbosity(handle.pointer, PQERRORS_DEFAULT)
        // A pipeline on a connection that blocks can wait for ever: for a server that waits for us.
        guard PQsetnonblocking(handle.pointer, 1) == 0, PQenterPipelineMode(handle.pointer) == 1 else {
            throw failure(of: handle)
        }
    }

    private func failure(of handle: ConnectionHandle) -> PostgresError {
        let (message, sqlState) = ConnectFailure.read(handle.message)
        var error = PostgresError(.outage, secrets.removed(from: message))
        error.sqlState = sqlState
        return error
    }
}

/// libpq has a failure to connect as a text only.
enum ConnectFailure {
    /// - Parameter text: of the form `PQERRORS_VERBOSE`: `… failed: FATAL:  53300: sorry, too many clients already`, and lines that
    ///   begin with `LOCATION:` and the like.
    /// - Returns: the text without code and further lines, and the code.
    static func read(_ text: String) -> (message: String, sqlState: String) {
        var sqlState = ""
        let lines = text.split(separator: "\n").enumerated().compactMap { index, line -> String? in
            var words = line.split(separator: " ")
            if index > 0, words.first?.hasSuffix(":") == true { return nil }
            if let place = words.indices.dropFirst().first(where: { words[$0 - 1].hasSuffix(":") && isCode(words[$0]) }) {
                sqlState = String(words.remove(at: place).dropLast())
            }
            return words.joined(separator: " ")
        }
        return (lines.joined(separator: "; "), sqlState)
    }

    /// Unlike the severities, each code has a digit.
    private static func isCode(_ word: Substring) -> Bool {
        let code = word.dropLast().utf8
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let letters = UInt8(ascii: "A")...UInt8(ascii: "Z")
        return word.hasSuffix(":") && code.count == 5 && code.contains(where: digits.contains)
            && code.allSatisfy { digits.contains($0) || letters.contains($0) }
    }
}
