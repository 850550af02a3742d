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

extension HealthDocument {
    package static var notes: DocumentNotes { notes("Health", status: "ok") }
    static var readyNotes: DocumentNotes { notes("Ready", status: "ready") }

    private static func notes(_ name: String, status word: String) -> DocumentNotes {
        DocumentNotes(
            name, "",
            [
                "success": .constant(true), "status": .constant(.string(word)), "timestamp": .always(), "directory": .always(),
                "draining": "The server is stopping.",
            ])
    }
}

extension DirectoryDocument {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "Directory",
            "The state of the CRM's database. While it is unavailable, jobs are accepted and wait; no attempt is counted.",
            ["state": .words(DirectoryHealth.State.allCases.map(\.rawValue)), "since": .always()])
    }
}

extension AliveDocument {
    package static var notes: DocumentNotes {
        DocumentNotes("Alive", "", ["success": .constant(true), "status": .constant("ok")])
    }
}

extension ConnectionDocument {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "ConnectionOK", "Answer to the accessibility check.", ["success": .constant(true), "timestamp": .always()])
    }
}
