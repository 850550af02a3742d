import SyncModel
#if canImport(TestSupport)
    import TestSupport
#endif

/// What must hold for any bytes given to `SyncRequestReader`.
struct SyncBodyProperties {
    let body: [UInt8]
    let cutting: Cutting

    /// All that a reader says about a body.
    struct Answer: Equatable {
        var payload = BatchPayload(bytes: [], count: 0)
        var outcome: Result<SyncRequestOutcome, RequestReadError>

        var envelope: SyncEnvelope? {
            if case .success(.sync(let envelope)) = outcome { return envelope }
            return nil
        }

        var hasProblems: Bool {
            var hasProblems = false
            payload.forEach { if $0.state(.problem) != .absent { hasProblems = true } }
            return hasProblems
        }
    }

    func check() throws {
        let strict = try answer([], .reject)
        let lenient = try answer([], .perUser)
        for cuts in cutting.schemes(body.count) {
            try hold(answer(cuts, .reject) == strict, "cut at \(cuts) a body is read as in one piece")
            try hold(answer(cuts, .perUser) == lenient, "cut at \(cuts) a body is read user by user as in one piece")
        }
        let oracle = JSONOracle(body)
        try check(strict, oracle)
        try check(lenient, oracle)
        try compare(strict, lenient)
        if strict.envelope != nil { try BatchProperties.check(strict.payload) }
    }

    // MARK: Reading

    private func answer(_ cuts: [Int], _ validation: ValidationMode) throws -> Answer {
        var reader = SyncRequestReader(maxUsers: cutting.maxUsers, validation: validation)
        var drained = UserRecordWriter()
        var start = 0
        for cut in cuts + [body.count] {
            if let error = feed(body[start..<cut], to: &reader) {
                try hold(feed([0x20], to: &reader) == error, "an error is thrown again")
                // Which users were handed out before an error depends on how the body was cut; they are thrown away anyway.
                return Answer(outcome: .failure(error))
            }
            if !cuts.isEmpty { reader.drainUsers { raw, _ in drained.append(record: raw) } }
            start = cut
        }
        let isRefused = reader.isRefused
        let outcome = Result { () throws(RequestReadError) in try reader.finish() }
        if isRefused, case .success(let outcome) = outcome {
            guard case .refused = outcome else { throw BrokenProperty("what is refused early is refused at the end") }
        }
        guard case .success = outcome else { return Answer(outcome: outcome) }
        if cuts.isEmpty { return Answer(payload: reader.takeUsers(), outcome: outcome) }
        reader.drainUsers { raw, _ in drained.append(record: raw) }
        return Answer(payload: drained.take(), outcome: outcome)
    }

    private func feed(_ part: ArraySlice<UInt8>, to reader: inout SyncRequestReader) -> RequestReadError? {
        // A copy of its own, so that reading past its end is found by a sanitizer.
        Array(part).withUnsafeBytes { bytes in
            do throws(RequestReadError) {
                try reader.feed(bytes)
                return nil
            } catch {
                return error
            }
        }
    }

    // MARK: Answers

    private func check(_ answer: Answer, _ oracle: JSONOracle) throws {
        switch answer.outcome {
        case .failure(.malformed(let error)): try oracle.check(error)
        case .failure(.tooManyUsers(let limit)): try hold(limit == cutting.maxUsers, "the limit is the one that was set")
        case .failure(.tooLarge): throw BrokenProperty("a sync has no limit of bytes here")
        case .success(.connectionTest):
            let members = try oracle.object()
            try hold(members.count == 1 && members["test"] as? String == "connection", "a connection test says that alone")
        case .success(.refused(let violations)):
            try ViolationProperties.check(violations, in: try oracle.wellFormed())
        case .success(.sync(let envelope)):
            let sent = try oracle.object()
            try EnvelopeProperties.check(envelope, in: sent)
            try check(answer.payload, in: sent, oracle, envelope)
        }
    }

    private func check(
        _ payload: BatchPayload, in sent: [String: Any], _ oracle: JSONOracle, _ envelope: SyncEnvelope
    ) throws {
        guard let users = sent["users"] as? [Any] else { throw BrokenProperty("users are an array") }
        try hold(users.count == envelope.totalUsers, "every element of users counts")
        try hold(users.count == payload.count && users.count <= cutting.maxUsers, "every user is handed out")
        var next = 0
        try payload.forEach { record in
            try hold(Int(record.index) == next, "users come in order")
            let properties = UserProperties(record: record)
            try properties.checkLimits()
            if record.state(.problem) == .absent {
                guard let user = users[next] as? [String: Any] else { throw BrokenProperty("a user is an object") }
                if envelope.mode == nil {
                    try properties.check(against: user, oracle)
                } else {
                    try properties.check(againstVersionTwo: user)
                }
            }
            next += 1
        }
        try hold(next == payload.count, "a payload holds as many records as it says")
        try StoredRowProperties.check(payload.bytes)
    }

    /// What is read strictly against what is read user by user.
    private func compare(_ strict: Answer, _ lenient: Answer) throws {
        switch (strict.outcome, lenient.outcome) {
        case (.failure, _), (_, .failure), (.success(.connectionTest), _), (.success(.sync), _):
            try hold(strict == lenient, "users' rules aside both ways of validation say the same")
        case (.success(.refused), .success(.sync)):
            try hold(lenient.hasProblems, "a request that is refused for its users has a user with a problem")
        case (.success(.refused), _): break
        }
    }
}
