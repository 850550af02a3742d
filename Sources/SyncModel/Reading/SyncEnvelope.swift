/// A sync request without its users, with all rules checked except those that need a clock or settings: the caller compares
/// `tenantID` with the header, `syncTime` with its clock, `callbackURL` with the allowed hosts.
package struct SyncEnvelope: Sendable, Hashable {
    package var tenantID: TenantID
    /// `tenant.kindeOrgId` and `tenant.subdomain`, where they are what they should be.
    package var otherTenantIDs: [TenantID] = []
    package var tenantName: String
    /// Elements of `users`; with `VALIDATION=per-user`, including those with a problem.
    package var totalUsers: Int
    /// `nil` in the integration guide's body. In version 2, `tenantID` and `tenantName` are its `orgCode`.
    package var mode: SyncMode?
    /// `metadata.syncTime`; `nil` if it is absent or null.
    package var syncTime: Timestamp?
    package var syncedBy: String?
    package var syncType: String?
    package var applicationCode: String?
    /// `metadata.callbackUrl`, as sent: any non-empty string of at most 2048 characters.
    package var callbackURL: String?
    /// Sentences for the caller, at most 20: keys that were ignored.
    package var warnings: [String]

    package init(
        tenantID: TenantID, tenantName: String, totalUsers: Int, syncTime: Timestamp? = nil, syncedBy: String? = nil,
        syncType: String? = nil, applicationCode: String? = nil, callbackURL: String? = nil, warnings: [String] = []
    ) {
        self.tenantID = tenantID
        self.tenantName = tenantName
        self.totalUsers = totalUsers
        self.syncTime = syncTime
        self.syncedBy = syncedBy
        self.syncType = syncType
        self.applicationCode = applicationCode
        self.callbackURL = callbackURL
        self.warnings = warnings
    }
}

/// What a well-formed body of a sync turned out to be.
package enum SyncRequestOutcome: Sendable, Hashable {
    /// A sync whose users were passed on by the reader.
    case sync(SyncEnvelope)
    /// `{"test":"connection"}` and nothing else: the integration guide's accessibility check.
    case connectionTest
    /// Rules were broken; nothing of the request may be kept.
    case refused(Violations)
}

/// A removal request, with all rules checked except the comparison of `tenantID` with the header.
package struct RemovalEnvelope: Sendable, Hashable {
    package var tenantID: TenantID
    package var tenantName: String
    /// The platform's id of the user to deactivate.
    package var userID: String
    /// `nil` if it is absent or null.
    package var removedAt: Timestamp?
    package var reason: String?
    /// Sentences for the caller, at most 20: keys that were ignored.
    package var warnings: [String]
    /// The job's one record: index 0, its `.id` the user to remove, everything else absent.
    package var payload: BatchPayload

    package init(
        tenantID: TenantID, tenantName: String, userID: String, removedAt: Timestamp? = nil, reason: String? = nil,
        warnings: [String] = [], payload: BatchPayload
    ) {
        self.tenantID = tenantID
        self.tenantName = tenantName
        self.userID = userID
        self.removedAt = removedAt
        self.reason = reason
        self.warnings = warnings
        self.payload = payload
    }
}

/// What a well-formed body of a removal turned out to be.
package enum RemovalRequestOutcome: Sendable, Hashable {
    case removal(RemovalEnvelope)
    /// Rules were broken.
    case refused(Violations)
}
