import SyncModel

/// The body of a sync as our own callers write it: what is around its users. `SyncRequestReader` reads it.
package struct SyncRequestFrame: Sendable {
    private let tenantID: String
    private let tenantName: String
    private let syncedBy: String
    private let syncType: String?
    private let applicationCode: String?

    package init(
        tenantID: String, tenantName: String, syncedBy: String, syncType: String? = nil, applicationCode: String? = nil
    ) {
        self.tenantID = tenantID
        self.tenantName = tenantName
        self.syncedBy = syncedBy
        self.syncType = syncType
        self.applicationCode = applicationCode
    }

    /// Up to the first user.
    package var head: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("operation", Operation.userSync.rawValue)
            json.member("tenant") {
                $0.object { json in
                    json.member("id", tenantID)
                    json.member("name", tenantName)
                }
            }
            json.member("users") { $0.array { _ in } }
        }
        // Without the ends of the list and of the body.
        return json.bytes.dropLast(2)
    }

    /// From the last user on. Without `syncTime`: the time of acceptance is used, and the same users produce the same bytes under
    /// an `Idempotency-Key`.
    package var tail: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("syncedBy", syncedBy)
            if let syncType { json.member("syncType", syncType) }
            if let applicationCode { json.member("applicationCode", applicationCode) }
        }
        return Array("],\"metadata\":".utf8) + json.bytes + Array("}".utf8)
    }

    /// The whole body.
    /// - Parameter users: each a JSON object.
    package func body(_ users: [String]) -> String {
        String(decoding: head, as: UTF8.self) + users.joined(separator: ",") + String(decoding: tail, as: UTF8.self)
    }
}
