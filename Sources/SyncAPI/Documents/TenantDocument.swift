package import SyncModel

/// The tenant of a job, as it was named when the job was sent.
package struct TenantDocument: JSONDocument {
    package var id = ""
    package var name = ""

    package init() {}

    package init(of job: Job) {
        id = job.sentTenantID.text
        name = job.tenantName
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.required("id", &id)
        try coder.member("name", &name)
    }
}

extension TenantDocument {
    package static var notes: DocumentNotes { DocumentNotes("Tenant") }
}
