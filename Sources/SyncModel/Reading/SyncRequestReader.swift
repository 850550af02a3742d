/// Reads the body of a sync as it arrives: bytes in, validated users out (Contract.md, "Body of a sync").
///
/// Feed it chunks of any size, drain the users whenever convenient, `finish` at the end of the body. The results do not depend on
/// how the body was cut. It buffers no more than a value cut by the end of a chunk (at most 64 KiB of JSON, and as much again of
/// what follows) and the users not yet drained; unknown members may have any size.
///
/// Once it has thrown, every further call throws the same error.
package struct SyncRequestReader: Sendable {
    private var parser: SyncRequestParser
    /// Bytes of the body consumed.
    private var consumed = 0
    /// Bytes fed but not yet consumed: the beginning of a value.
    private var carried: [UInt8] = []
    /// How many bytes must be carried before parsing is attempted again. It doubles, so a body that arrives byte by byte is
    /// parsed about twice, not a hundred times.
    private var worthwhile = 0
    private var failure: RequestReadError?

    /// - Parameters:
    ///   - maxUsers: `MAX_USERS_PER_REQUEST`; capped at `UInt32.max`, since an index has 32 bits.
    ///   - validation: what happens to users that break a rule.
    ///   - body: which body it is; `nil`: the first member that only one of them has tells.
    package init(maxUsers: Int = 1_000_000, validation: ValidationMode = .reject, body: SyncBody? = nil) {
        parser = SyncRequestParser(maxUsers: maxUsers, validation: validation, body: body)
    }

    /// Which body it is; `nil` as long as that is not known.
    package var body: SyncBody? { parser.body }

    // MARK: Users

    /// Users ready to be drained.
    package var pendingUsers: Int { parser.users.count }
    /// The bytes of their records.
    package var pendingBytes: Int { parser.users.byteCount }
    /// Elements of `users` read so far.
    package var totalUsers: Int { parser.totalUsers }
    /// A rule was broken, so `finish` will refuse the request and drained users must be discarded. No more users are passed on,
    /// but violations are still counted.
    package var isRefused: Bool { !parser.violations.isEmpty }

    /// Calls `body` with each pending user's record, including its length, and a view of it; then removes them, keeping the
    /// memory for the next. If `body` throws, all of them stay pending.
    package mutating func drainUsers(_ body: (UnsafeRawBufferPointer, UserRecord) throws -> Void) rethrows {
        try parser.users.forEachRaw(body)
        parser.users.removeAll(keepingCapacity: true)
    }

    /// Takes the pending users as one payload.
    package mutating func takeUsers() -> BatchPayload { parser.users.take() }

    // MARK: Bytes

    /// Takes the next bytes of the body. An error may be thrown a few calls after the byte it names.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(RequestReadError) {
        if let failure { throw failure }
        var rest = bytes
        while !carried.isEmpty, !rest.isEmpty {
            // Some more than needed: a user that was cut in two usually ends within it.
            let added = min(rest.count, max(worthwhile - carried.count, 1024))
            carried.append(contentsOf: rest[..<added])
            guard carried.count >= worthwhile else { return }
            let before = carried.count - added
            let parsed = try parse(carried)
            if parsed < before {
                carried.removeFirst(parsed)
                rest = UnsafeRawBufferPointer(rebasing: rest[added...])
                wait(afterProgress: parsed > 0)
            } else {
                carried.removeAll(keepingCapacity: true)
                rest = UnsafeRawBufferPointer(rebasing: rest[(parsed - before)...])
            }
        }
        guard !rest.isEmpty else { return }
        let parsed = try parse(rest)
        carried.append(contentsOf: rest[parsed...])
        wait(afterProgress: true)
    }

    /// Ends the body and returns what it was. Users may be pending afterwards. Call it once.
    package mutating func finish() throws(RequestReadError) -> SyncRequestOutcome {
        if let failure { throw failure }
        if !carried.isEmpty { carried.removeFirst(try parse(carried)) }
        guard parser.mayEnd else {
            throw fail(
                .malformed(RequestSyntaxError(offset: consumed + carried.count, problem: JSONProblem.unexpectedEnd.sentence)))
        }
        return parser.finish()
    }

    private mutating func wait(afterProgress: Bool) {
        worthwhile = afterProgress || carried.count < 64 ? carried.count + 1 : carried.count * 2
    }

    private mutating func parse(_ bytes: [UInt8]) throws(RequestReadError) -> Int {
        try leaveBehind(bytes.withUnsafeBytes { parser.parse($0) })
    }

    /// Parses as far as the bytes allow; returns how many were consumed.
    private mutating func parse(_ bytes: UnsafeRawBufferPointer) throws(RequestReadError) -> Int {
        try leaveBehind(parser.parse(bytes))
    }

    private mutating func leaveBehind(_ pause: SyncRequestParser.Pause) throws(RequestReadError) -> Int {
        switch pause {
        case .needsMore(let parsed):
            consumed += parsed
            return parsed
        case .malformed(let problem, let at):
            throw fail(.malformed(RequestSyntaxError(offset: consumed + at, problem: problem.sentence)))
        case .tooManyUsers: throw fail(.tooManyUsers(limit: parser.maxUsers))
        }
    }

    private mutating func fail(_ error: RequestReadError) -> RequestReadError {
        failure = error
        return error
    }
}
