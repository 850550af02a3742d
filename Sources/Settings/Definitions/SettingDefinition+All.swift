import SyncModel

extension SettingDefinition {
    /// Every setting, by group, in the order in which they are shown.
    package static let all: [SettingDefinition] = [
        host, port, publicURL, appEnvironment, nodeEnvironment,
        dataDirectory, databaseURL, queueURL,
        internalKey, opsKey, wrapperSecret, wrapperWait, metricsPublic, trustedProxies, corsAllowedOrigins,
        webhookURL, webhookSecret, webhookAllowedHosts, webhookSendAPIKey, webhookCAFile, sslCertFile,
        webhookProxy, webhookOrder,
        batchSize, workers, validation, emailScope, requireSyncSource, tenantAliases,
        maxRequestBytes, maxUsersPerRequest, maxConnections, maxPendingUsers, minFreeDiskBytes,
        rateLimitMax, rateLimitWindow, rateLimitKey,
        retentionDays, shutdownGrace, logLevel, logFormat,
    ]

    private static func words<Choice: CaseIterable & RawRepresentable<String>>(_: Choice.Type) -> Kind {
        .choice(Choice.allCases.map(\.rawValue))
    }

    // MARK: Server
    static let host = SettingDefinition(
        "HOST", .text("an IP address or a host name, without scheme and port"), default: "127.0.0.1", .server,
        "The address to listen on; 0.0.0.0 for all interfaces")
    static let port = SettingDefinition(
        "PORT", .integer(0...65535), default: "3000", .server, "The port to listen on; 0 takes any free one")
    static let publicURL = SettingDefinition(
        "PUBLIC_URL", .text("an address such as https://crm.example.com"), .server,
        "Where callers reach the server; https:// means that a proxy in front terminates TLS")
    static let appEnvironment = SettingDefinition(
        "APP_ENV", words(AppEnvironment.self), .server,
        "The environment; development turns on the debug log; unset: NODE_ENV, else production")
    static let nodeEnvironment = SettingDefinition(
        "NODE_ENV", words(AppEnvironment.self), .server, "Used if APP_ENV is unset")

    // MARK: Storage
    static let dataDirectory = SettingDefinition(
        "DATA_DIR", .text("a path"), default: "./data", .storage, "The folder of the databases; created with mode 0700")
    static let databaseURL = SettingDefinition(
        "DATABASE_URL", .text(DatabaseAddress.forms), .storage, secret: true,
        "The CRM's users; unset: DATA_DIR/crm.sqlite")
    static let queueURL = SettingDefinition(
        "QUEUE_URL", .text(DatabaseAddress.forms), .storage, secret: true,
        "The job queue; unset: DATA_DIR/queue.sqlite")

    // MARK: Keys and callers
    static let internalKey = SettingDefinition(
        "INTERNAL_API_KEY", .list("a key of 16 visible ASCII characters or more"), .keys, secret: true,
        "The key shared with the platform; required; several are valid at once, for rotation")
    static let opsKey = SettingDefinition(
        "OPS_API_KEY", .list("a key of 16 visible ASCII characters or more"), .keys, secret: true,
        "A key for people: reads everything, acts on jobs and deliveries, cannot submit")
    static let wrapperSecret = SettingDefinition(
        "WRAPPER_SECRET_KEY", .list("a secret of 16 visible ASCII characters or more"), .keys, secret: true,
        "Verifies the tokens of the platform's version 2 calls; several are valid at once; unset: their path does not exist")
    static let wrapperWait = SettingDefinition(
        "WRAPPER_WAIT", .integer(0...25), default: "20", .keys,
        "Seconds from a version 2 call's arrival that it may wait for its result; 0: it gets a 202 at once")
    static let metricsPublic = SettingDefinition(
        "METRICS_PUBLIC", .boolean, default: "false", .keys, "true: /metrics needs no key")
    static let trustedProxies = SettingDefinition(
        "TRUSTED_PROXIES", .list("an address or a range such as 10.0.0.0/8"), .keys,
        "Proxies whose X-Forwarded-For counts; unset: none")
    static let corsAllowedOrigins = SettingDefinition(
        "CORS_ALLOWED_ORIGINS", .list("an origin such as https://admin.example.com"), .keys,
        "Origins whose pages may call; unset: CORS is off")

    // MARK: Completion webhook
    static let webhookURL = SettingDefinition(
        "WRAPPER_WEBHOOK_URL", .text("an http:// or https:// address"), .webhook, secret: true,
        "Where the outcome of each job is sent; unset: nowhere")
    static let webhookSecret = SettingDefinition(
        "WEBHOOK_SECRET", .list("whsec_ and the base64 of 24 to 64 bytes"), .webhook, secret: true,
        "Signs webhooks; several sign at once, for rotation; unset: derived from INTERNAL_API_KEY")
    static let webhookAllowedHosts = SettingDefinition(
        "WEBHOOK_ALLOWED_HOSTS", .list("a host or host:port, without scheme"), .webhook,
        "Hosts that a request's metadata.callbackUrl may name; unset: none")
    static let webhookSendAPIKey = SettingDefinition(
        "WEBHOOK_SEND_API_KEY", .boolean, default: "false", .webhook,
        "true: X-Internal-API-Key is sent to WRAPPER_WEBHOOK_URL too")
    static let webhookCAFile = SettingDefinition(
        "WEBHOOK_CA_FILE", .text("a path"), .webhook,
        "A PEM file of authorities to trust for webhooks beside the system's; unset: SSL_CERT_FILE")
    static let sslCertFile = SettingDefinition(
        "SSL_CERT_FILE", .text("a path"), .webhook, "Used if WEBHOOK_CA_FILE is unset")
    static let webhookProxy = SettingDefinition(
        "WEBHOOK_PROXY", .text("an address such as http://proxy.example.com:3128"), .webhook, secret: true,
        "An HTTP proxy for webhooks to WRAPPER_WEBHOOK_URL, with user:password@ if it asks for them; unset: none")
    static let webhookOrder = SettingDefinition(
        "WEBHOOK_ORDER", words(WebhookOrder.self), default: "any", .webhook,
        "tenant: a webhook waits until all earlier ones of its tenant are delivered or dead")

    // MARK: Syncs
    static let batchSize = SettingDefinition(
        "BATCH_SIZE", .integer(BatchLimits.users), default: "\(BatchLimits.mostUsers)", .sync,
        "Users per batch; a batch also ends at \(BatchLimits.bytes >> 20) MiB")
    static let workers = SettingDefinition(
        "WORKERS", .integerOrAuto(1...256), default: "auto", .sync, "Workers that apply batches; auto: one per core")
    static let validation = SettingDefinition(
        "VALIDATION", words(ValidationMode.self), default: "reject", .sync,
        "A user that breaks a rule refuses its request (reject) or fails alone (per-user)")
    static let emailScope = SettingDefinition(
        "EMAIL_SCOPE", words(EmailScope.self), default: "global", .sync,
        "Where an email is unique: in the whole CRM or within its tenant")
    static let requireSyncSource = SettingDefinition(
        "REQUIRE_SYNC_SOURCE", .boolean, default: "false", .sync, "true: a sync without X-Sync-Source is a 400")
    static let tenantAliases = SettingDefinition(
        "TENANT_ALIASES", words(TenantAliases.self), default: "learn", .sync,
        "Further names of a tenant: learnt from requests that carry several, fixed as they are, or off: each name is a tenant")

    // MARK: Limits
    static let maxRequestBytes = SettingDefinition(
        "MAX_REQUEST_BYTES", .integer(1024...68_719_476_736), default: "536870912", .limits,
        "Bytes of a body after inflation; above it 413")
    /// Twenty million: both passes of such a job have fewer batches than the queue can number, however small they are.
    static let maxUsersPerRequest = SettingDefinition(
        "MAX_USERS_PER_REQUEST", .integer(1...20_000_000), default: "1000000", .limits, "Users of a sync; above it 413")
    static let maxConnections = SettingDefinition(
        "MAX_CONNECTIONS", .integerOrAuto(16...1_000_000), default: "auto", .limits,
        "Connections at a time; above it the one idle longest is closed; callers with a key cannot take the last few; auto: what the "
            + "open files allow, up to 20000")
    static let maxPendingUsers = SettingDefinition(
        "MAX_PENDING_USERS", .integer(1...1_000_000_000), default: "5000000", .limits,
        "Users accepted and not yet settled; above it 503")
    static let minFreeDiskBytes = SettingDefinition(
        "MIN_FREE_DISK_BYTES", .integer(0...1_125_899_906_842_624), default: "1073741824", .limits,
        "Free bytes on the disks of queue and directory; below it 503")
    static let rateLimitMax = SettingDefinition(
        "RATE_LIMIT_MAX", .integer(0...1_000_000_000), default: "100", .limits,
        "Syncs of one caller in a window, removals and version 2 not counted; above it 429; 0: no limit")
    static let rateLimitWindow = SettingDefinition(
        "RATE_LIMIT_WINDOW", .integer(1...86_400), default: "900", .limits, "The window, in seconds")
    static let rateLimitKey = SettingDefinition(
        "RATE_LIMIT_KEY", words(RateLimitKey.self), default: "ip", .limits, "What a caller is: an address or a tenant")

    // MARK: Running
    static let retentionDays = SettingDefinition(
        "RETENTION_DAYS", .integer(1...3650), default: "7", .running,
        "Days to keep ended jobs, their results and the payloads of failed users")
    static let shutdownGrace = SettingDefinition(
        "SHUTDOWN_GRACE", .integer(1...600), default: "20", .running, "Seconds from SIGTERM to the end of the process")
    static let logLevel = SettingDefinition(
        "LOG_LEVEL", words(LogLevel.self), .running, "The lowest level logged; unset: info, in development debug")
    static let logFormat = SettingDefinition(
        "LOG_FORMAT", words(LogFormat.self), default: "json", .running, "The format of log lines")
}
