/// The state of the CRM's database.
package struct DirectoryHealth: Sendable, Hashable {
    package enum State: String, Sendable, CaseIterable {
        case ok
        /// Cannot be reached or written: batches wait, no attempt is counted.
        case unavailable
    }
    package var state: State
    package var since: Timestamp
    /// The last error; `nil` while ok.
    package var error: String?

    package init(state: State, since: Timestamp, error: String?) {
        self.state = state
        self.since = since
        self.error = error
    }
}
