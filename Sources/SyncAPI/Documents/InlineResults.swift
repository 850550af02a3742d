package import SyncModel

/// The results that a document of a finished job shows inline, already written as JSON.
///
/// A webhook is written in the transaction that ends its job, since only that knows the job's `sequence` and end. The rest, which
/// is most of it, is written earlier, outside the queue's write lock.
package struct InlineResults: JSONValueType, Hashable {
    /// A JSON array.
    private let json: [UInt8]

    /// - Parameters:
    ///   - results: in index order; more than `limit` are left out.
    ///   - failedOnly: the job has more results than fit inline (`ResultDocument.showsFailedOnly`): only the failed ones are shown.
    package init(_ results: [UserResult], of operation: Operation, limit: Int, failedOnly: Bool) {
        var json = JSONWriter()
        json.array { json in
            var left = limit
            for result in results where !failedOnly || result.applied.outcome == .failed {
                guard left > 0 else { break }
                left -= 1
                var document = UserResultDocument(result, operation: operation)
                document.write(to: &json)
            }
        }
        self.json = json.bytes
    }

    package init(_ documents: [UserResultDocument]) {
        var json = JSONWriter()
        documents.write(to: &json)
        self.json = json.bytes
    }

    package func write(to json: inout JSONWriter) { json.raw(bytes: self.json) }

    package static func read(from decoder: any Decoder) throws -> InlineResults {
        InlineResults(try [UserResultDocument].read(from: decoder))
    }
}
