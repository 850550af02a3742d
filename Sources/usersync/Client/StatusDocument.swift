/// The queue at a glance (`GET …/status`). Everything may be absent: an older or newer server is still shown.
struct StatusDocument: Decodable, Sendable {
    var jobs: [String: Int]?
    var pendingUsers: Int?
    var oldestPendingAgeSeconds: Double?
    var tenants: [Tenant]?
    var workers: Workers?
    var usersPerSecond: Speed?
    var retrying: [Retrying]?
    var directory: Directory?
    var webhooks: Webhooks?
    var queue: Queue?
    var draining: Bool?

    struct Tenant: Decodable, Sendable {
        var tenantId: String
        var openJobs: Int?
        var pendingUsers: Int?
        var currentJobId: String?
    }

    struct Workers: Decodable, Sendable {
        var active: Int?
        var idle: Int?
    }

    struct Speed: Decodable, Sendable {
        var oneMinute: Double?
        var fiveMinutes: Double?

        enum CodingKeys: String, CodingKey {
            case oneMinute = "1m"
            case fiveMinutes = "5m"
        }
    }

    struct Retrying: Decodable, Sendable {
        var jobId: String
        var tenantId: String?
        var batch: Int?
        var attempts: Int?
        var nextAttemptAt: String?
        var lastError: String?
    }

    struct Directory: Decodable, Sendable {
        var state: String
        var since: String?
        var error: String?
    }

    struct Webhooks: Decodable, Sendable {
        var pending: Int?
        var dead: Int?
        var oldestAgeSeconds: Double?
        var lastError: String?
    }

    struct Queue: Decodable, Sendable {
        var bytes: Int?
        var walBytes: Int?
        var freeDiskBytes: Int?
    }
}
