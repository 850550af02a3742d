import CLibPQ

/// One pipeline: statements sent without waiting in between, and their results. The loop is psycopg's (`generators.py`): while
/// something is left to be sent, it also reads what comes, for a server that cannot write does not read either.
struct Exchange {
    private enum Step {
        case preparing(String)
        case running(Int)
    }

    /// Why the server was asked to give up.
    private enum Stop {
        case cancelled, deadline
    }

    private let session: PostgresSession
    private let pointer: OpaquePointer
    private let statements: [PostgresStatement]
    /// When the wait ends: the deadline, then the grace after it.
    private var end: ContinuousClock.Instant
    /// Only the deadline ends it: what a COMMIT became must be known.
    private let isShielded: Bool
    private let hasCommit: Bool

    private var steps: [Step] = []
    private var results: [PostgresResult] = []
    private var answered = 0
    private var failure: PostgresError?
    private var failedStep = Int.max
    private var isCommitted = false
    private var stop: Stop?
    private var request: CancelRequest?

    init(
        _ session: PostgresSession, _ pointer: OpaquePointer, _ statements: [PostgresStatement],
        _ deadline: ContinuousClock.Instant,
        isShielded: Bool
    ) {
        self.session = session
        self.pointer = pointer
        self.statements = statements
        end = deadline
        hasCommit = statements.contains(where: \.isCommit)
        self.isShielded = isShielded || hasCommit
    }

    mutating func run() throws(PostgresError) -> [PostgresResult] {
        do {
            try send()
            try receive()
            try settle()
        } catch {
            return try lost(error)
        }
        forgetUnprepared()
        if let failure { throw failure }
        if session.handle.takeUnreplicated() {
            throw PostgresError(.unknownOutcome, "committed without the standby that it should have waited for")
        }
        return results
    }

    // MARK: Sending

    private mutating func send() throws(PostgresError) {
        for (index, statement) in statements.enumerated() {
            let use = session.prepared.use(of: statement)
            let isSent = Parameters(statement.values).withPointers { parameters in
                if case .new(let name) = use {
                    steps.append(.preparing(name))
                    guard PQsendPrepare(pointer, name, statement.sql, parameters.count, parameters.types) == 1 else {
                        return false
                    }
                }
                steps.append(.running(index))
                return switch use {
                case .named(let name), .new(let name):
                    PQsendQueryPrepared(
                        pointer, name, parameters.count, parameters.values, parameters.lengths, parameters.formats, 1) == 1
                case .unnamed:
                    PQsendQueryParams(
                        pointer, statement.sql, parameters.count, parameters.types, parameters.values, parameters.lengths,
                        parameters.formats, 1) == 1
                }
            }
            guard isSent else { throw broken() }
        }
        guard PQpipelineSync(pointer) == 1 else { throw broken() }
    }

    // MARK: Receiving

    private mutating func receive() throws(PostgresError) {
        var nothing = 0
        while true {
            try waitForResult()
            guard let result = PQgetResult(pointer) else {
                // One follows each statement's result; more than that is no protocol.
                nothing += 1
                guard nothing <= 2 else { throw broken() }
                continue
            }
            defer { PQclear(result) }
            nothing = 0
            switch PQresultStatus(result) {
            case PGRES_PIPELINE_SYNC: return
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: try take(result)
            case PGRES_PIPELINE_ABORTED: answered += 1
            case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE:
                try note(result)
                answered += 1
            // COPY cannot be in a pipeline.
            default: throw PostgresError(.other, "an answer that no statement here has")
            }
        }
    }

    private mutating func take(_ result: OpaquePointer) throws(PostgresError) {
        guard answered < steps.count else { throw PostgresError(.outage, "more answers than statements") }
        defer { answered += 1 }
        guard case .running(let index) = steps[answered] else { return }
        let copy = try PostgresResult(copying: result)
        if statements[index].isCommit {
            // The server says so to a COMMIT of a transaction that has failed.
            guard copy.command == "COMMIT" else {
                failure = failure ?? PostgresError(.other, "the transaction had failed, and was rolled back")
                return
            }
            isCommitted = true
        }
        results.append(copy)
    }

    private mutating func note(_ result: OpaquePointer) throws(PostgresError) {
        guard failure == nil else { return }
        failedStep = answered
        let step = answered < steps.count ? steps[answered] : nil
        let place: Int? =
            switch step {
            case .running(let index): index
            // Whose statement follows.
            case .preparing: if answered + 1 < steps.count, case .running(let index) = steps[answered + 1] { index } else { nil }
            case nil: nil
            }
        var error = PostgresError(result, statement: place, secrets: session.secrets)
        // libpq's own: it no longer understands the server.
        guard !error.sqlState.isEmpty else { throw broken() }
        // The server, or a pooler, goes away; by then COMMIT may have been done.
        if hasCommit, error.severity != "ERROR" { error = error.becoming(.unknownOutcome) }
        if error.isOfPrepared {
            session.memory.turnOff()
            error.isOfPreparation = true
        } else if error.sqlState == "0A000", PostgresError.reporter(of: result) == "RevalidateCachedQuery" {
            session.prepared.renew()
            error.isOfPreparation = true
        }
        if error.isOfPreparation { error = error.becoming(.retryable) }
        failure = stopped(error)
    }

    /// An error that our own request made.
    private func stopped(_ error: PostgresError) -> PostgresError {
        guard let stop, error.sqlState == "57014" else { return error }
        return error.becoming(stop == .cancelled ? .cancelled : .deadline)
    }

    /// Returns once `PQgetResult` will not block.
    private mutating func waitForResult() throws(PostgresError) {
        while true {
            let left = PQflush(pointer)
            guard left >= 0 else { throw broken() }
            guard PQisBusy(pointer) != 0 else { return }
            try wait(for: left == 0 ? SocketWait.readable : SocketWait.readable | SocketWait.writable)
        }
    }

    private mutating func wait(for events: Int16) throws(PostgresError) {
        switch SocketWait.wait(for: events, of: PQsocket(pointer), or: isShielded ? nil : session.pipe, until: end) {
        case .ready(let found):
            if found & SocketWait.readable != 0, PQconsumeInput(pointer) == 0 { throw broken() }
        case .woken: if session.call.isCancelled { try giveUp(.cancelled) }
        case .deadline: try giveUp(.deadline)
        }
    }

    // MARK: Giving up

    private mutating func giveUp(_ why: Stop) throws(PostgresError) {
        guard stop == nil else {
            if why == .deadline { throw silent() }
            return
        }
        guard !isShielded else { throw silent() }
        stop = why
        request = CancelRequest.send(for: pointer, waking: session.pipe)
        guard request != nil else { throw silent() }
        end = .now + PostgresSession.grace
    }

    /// A request that is still under way could hit the next statement.
    private func settle() throws(PostgresError) {
        while let request, !request.isDone {
            if SocketWait.wait(for: 0, of: -1, or: session.pipe, until: end) == .deadline, !request.isDone { throw silent() }
        }
    }

    private func silent() -> PostgresError {
        stop == .cancelled
            ? PostgresError(.cancelled, "cancelled, and the server did not give up")
            : PostgresError(.outage, "no answer within the deadline")
    }

    private func broken() -> PostgresError {
        PostgresError(.outage, session.secrets.removed(from: session.handle.message))
    }

    /// The connection is of no more use; what is known of the statements is.
    private func lost(_ error: PostgresError) throws(PostgresError) -> [PostgresResult] {
        session.close()
        if let failure { throw failure }
        guard hasCommit else { throw error }
        if isCommitted, results.count == statements.count { return results }
        var unknown = error.becoming(.unknownOutcome)
        unknown.message = "the answer to COMMIT did not come: \(error.message)"
        throw unknown
    }

    private func forgetUnprepared() {
        session.prepared.forget(
            steps.indices.compactMap { index in
                if index >= failedStep, case .preparing(let name) = steps[index] { name } else { nil }
            })
    }
}
