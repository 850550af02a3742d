package import SyncModel

/// The results that stand inline in a document of a finished job, already written as JSON.
///
/// A webhook is written in the transaction that ends its job, as only that knows the job's `sequence` and end. What does not depend on
/// these, and is most of it, is written before, outside the queue's write lock.
package struct InlineResults: Sendable {
    /// An array.
    let json: [UInt8]

    /// - Parameters:
    ///   - results: in index order; more than `limit` are left out.
    ///   - failedOnly: the job has more results than stand inline (`ResultDocument.showsFailedOnly`): the failed ones alone are shown.
    package init(_ results: [UserResult], of operation: Operation, limit: Int, failedOnly: Bool) {
        var json = JSONWriter()
        json.array { json in
            var left = limit
            for result in results where !failedOnly || result.applied.outcome == .failed {
                guard left > 0 else { break }
                left -= 1
                UserResultDocument(result, operation: operation).write(to: &json)
            }
        }
        self.json = json.bytes
    }
}
