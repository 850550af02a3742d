import SyncModel
#if canImport(TestSupport)
    import SyncServer
    import TestSupport
#endif

/// What must hold for any query of a request.
enum QueryProperties {
    static func check(_ query: String) throws {
        let parameters = QueryParameters(query)
        for name in ["limit", "status", "since", "jobId", "tenantId", "cursor", "", "a"] {
            if let text = (try? parameters.text(name)) ?? nil {
                try hold((1...255).contains(text.count) && !text.utf8.contains(0), "\(name) is text")
                try hold(parameters.contains(name), "\(name) is there")
            }
            if let number = try? parameters.integer(name, in: 1...200, default: 7) {
                try hold((1...200).contains(number), "\(name) is in its range")
            }
            if let moment = (try? parameters.time(name)) ?? nil {
                try hold(Timestamp(iso8601: moment.iso8601) == moment, "\(name) is a moment")
            }
            if let id = (try? parameters.jobID(name)) ?? nil { try hold(JobID(id.text) == id, "\(name) is an id") }
            _ = try? parameters.word(name, as: JobState.self)
            _ = try? parameters.cursor()
        }
        // Each byte as %XX, any text is itself again.
        guard !query.isEmpty, query.count <= 255, !query.utf8.contains(0) else { return }
        let coded = query.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let back = (try? QueryParameters("a=\(coded)").text("a")) ?? nil
        try hold(back.map { Array($0.utf8) } == Array(query.utf8), "a text is read back byte for byte")
    }
}
