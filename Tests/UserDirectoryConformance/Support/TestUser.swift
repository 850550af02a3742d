package import SyncModel
package import UserDirectory

/// A user of a request, as a test writes it.
package struct TestUser: Sendable {
    package enum Value: Sendable {
        case text(String), null, yes, no
    }

    package var fields: [UserField: Value]

    package init(_ id: String?, _ email: String, name: String = "Name", _ more: [UserField: Value] = [:]) {
        fields = more
        if let id { fields[.id] = .text(id) }
        fields[.email] = .text(email)
        fields[.name] = .text(name)
    }

    /// A removal's.
    package static func removal(_ id: String) -> TestUser {
        var user = TestUser(nil, "")
        user.fields = [.id: .text(id)]
        return user
    }

    package func write(to writer: inout UserRecordWriter, index: UInt32) {
        writer.begin(index: index)
        for field in UserField.allCases {
            switch fields[field] {
            case nil: continue
            case .text(let text): writer.set(field, text: text)
            case .null: writer.set(field, .null)
            case .yes: writer.set(field, .yes)
            case .no: writer.set(field, .value)
            }
        }
        writer.end()
    }
}

extension BatchPayload {
    package init(_ users: [TestUser], firstIndex: UInt32 = 0) {
        self.init(users.enumerated().map { (firstIndex + UInt32($0), $1) })
    }

    package init(_ users: [(index: UInt32, user: TestUser)]) {
        var writer = UserRecordWriter()
        for (index, user) in users { user.write(to: &writer, index: index) }
        self.init(writer)
    }
}

extension CarriedIDs {
    package init(_ ids: [String]) {
        self.init()
        for id in ids { Array(id.utf8).withUnsafeBytes { insert(hash: Self.hash($0)) } }
    }
}

extension JobID {
    /// The same id for the same number.
    package static func test(_ number: Int) -> JobID {
        let digits = String(number, radix: 16)
        let text = "01990000-0000-7000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
        guard let id = JobID(text) else { preconditionFailure("not an id: \(text)") }
        return id
    }
}

extension Timestamp {
    /// So many seconds after 2025-08-19T10:00:00Z.
    package static func at(_ seconds: Int64) -> Timestamp { Timestamp(microseconds: (1_755_597_600 + seconds) * 1_000_000) }
}

extension BatchWork {
    package init(
        job: Int = 1, number: Int = 0, tenant: TenantID = "t1", operation: Operation = .userSync, at seconds: Int64 = 0,
        isLastPass: Bool = false, _ payload: BatchPayload
    ) {
        self.init(
            jobID: .test(job), number: number, tenantID: tenant, operation: operation, syncTime: .at(seconds),
            isLastPass: isLastPass,
            payload: payload)
    }

    package init(
        job: Int = 1, number: Int = 0, tenant: TenantID = "t1", at seconds: Int64 = 0, isLastPass: Bool = false,
        firstIndex: UInt32 = 0, _ users: [TestUser]
    ) {
        self.init(
            job: job, number: number, tenant: tenant, at: seconds, isLastPass: isLastPass,
            BatchPayload(users, firstIndex: firstIndex))
    }

    /// As the one batch of its job.
    package var alone: BatchWork {
        var work = self
        work.isWholeJob = true
        return work
    }
}
