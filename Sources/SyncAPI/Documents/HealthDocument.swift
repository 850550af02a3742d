package import SyncModel

/// Whether the server is up, and in what state.
package struct HealthDocument: JSONDocument {
    package var success = true
    package var status = ""
    package var timestamp: Timestamp?
    package var directory: DirectoryDocument?
    package var draining = false

    package init() {}

    /// - Parameter status: `ok` or `ready`.
    package init(status: String, at timestamp: Timestamp, directory: DirectoryDocument, draining: Bool) {
        self.status = status
        self.timestamp = timestamp
        self.directory = directory
        self.draining = draining
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("success", &success)
        try coder.member("status", &status)
        try coder.nullable("timestamp", &timestamp)
        try coder.optional("directory", &directory)
        try coder.member("draining", &draining)
    }
}

/// The state of the CRM's database.
package struct DirectoryDocument: JSONDocument {
    /// `DirectoryHealth.State`'s word.
    package var state = ""
    package var since: Timestamp?
    /// `nil` while it is ok.
    package var error: String?

    package init() {}

    package init(_ health: DirectoryHealth) {
        state = health.state.rawValue
        since = health.since
        error = health.error
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.required("state", &state)
        try coder.nullable("since", &since)
        try coder.nullable("error", &error)
    }
}

/// The process is alive.
package struct AliveDocument: JSONDocument {
    package var success = true
    package var status = "ok"

    package init() {}

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("success", &success)
        try coder.member("status", &status)
    }
}

/// The answer to the integration guide's accessibility check.
package struct ConnectionDocument: JSONDocument {
    package var success = true
    package var message = "Connection OK"
    package var timestamp: Timestamp?

    package init() {}

    package init(at timestamp: Timestamp) { self.timestamp = timestamp }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("success", &success)
        try coder.member("message", &message)
        try coder.nullable("timestamp", &timestamp)
    }
}
