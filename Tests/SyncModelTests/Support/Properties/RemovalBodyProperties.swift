import SyncModel
#if canImport(TestSupport)
    import TestSupport
#endif

/// What must hold for any bytes given to `RemovalRequestReader`.
struct RemovalBodyProperties {
    let body: [UInt8]
    let cutting: Cutting

    func check() throws {
        let answer = try answer([])
        for cuts in cutting.schemes(body.count) {
            try hold(self.answer(cuts) == answer, "cut at \(cuts) a removal is read as in one piece")
        }
        let oracle = JSONOracle(body)
        switch answer {
        case .failure(.malformed(let error)): try oracle.check(error)
        case .failure(.tooLarge(let limit)): try hold(body.count > limit, "what is too large is larger than the limit")
        case .failure(.tooManyUsers): throw BrokenProperty("a removal has no users")
        case .success(.refused(let violations)): try ViolationProperties.check(violations, in: oracle.wellFormed())
        case .success(.removal(let envelope)):
            try hold(body.count <= RemovalRequestReader.maxBytes, "what is too large is refused")
            try EnvelopeProperties.check(envelope, in: oracle.object())
        }
    }

    private func answer(_ cuts: [Int]) throws -> Result<RemovalRequestOutcome, RequestReadError> {
        var reader = RemovalRequestReader()
        var start = 0
        for cut in cuts + [body.count] {
            if let error = feed(body[start..<cut], to: &reader) {
                try hold(feed([0x20], to: &reader) == error, "an error is thrown again")
                return .failure(error)
            }
            start = cut
        }
        return Result { () throws(RequestReadError) in try reader.finish() }
    }

    private func feed(_ part: ArraySlice<UInt8>, to reader: inout RemovalRequestReader) -> RequestReadError? {
        Array(part).withUnsafeBytes { bytes in
            do throws(RequestReadError) {
                try reader.feed(bytes)
                return nil
            } catch {
                return error
            }
        }
    }
}
