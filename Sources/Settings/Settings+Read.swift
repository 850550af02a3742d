import FoundationEssentials
import SyncModel

extension Settings {
    /// Valid settings, with what is doubtful about them.
    package struct Reading: Sendable, Hashable {
        package let settings: Settings
        package let warnings: [SettingRemark]
    }

    /// Reads every setting from `lookup` (the value of a name, `nil` if it is not set; an empty one counts as not set).
    ///
    /// - Parameters:
    ///   - processors: the machine's cores, the value of `WORKERS=auto`.
    ///   - home: the home folder, which replaces `~/` at the start of a path.
    ///   - place: the file and line of a name's value, for messages; `nil`: not in a file.
    /// - Throws: all problems at once, each naming its setting.
    package static func read(
        processors: Int, home: String? = nil, place: @escaping (String) -> String? = { _ in nil },
        from lookup: @escaping (String) -> String?
    ) throws(SettingsError) -> Reading {
        var reader = SettingsReader(home: home, place: place, lookup)
        let settings = Settings(reading: &reader, processors: processors)
        guard reader.problems.isEmpty else {
            let order = Dictionary(uniqueKeysWithValues: SettingDefinition.all.enumerated().map { ($1.name, $0) })
            throw SettingsError(problems: reader.problems.sorted { (order[$0.name] ?? .max) < (order[$1.name] ?? .max) })
        }
        return Reading(settings: settings, warnings: reader.warnings)
    }

    /// Reads everything; if the reader has problems afterwards, the values must not be used.
    init(reading reader: inout SettingsReader, processors: Int) {
        host = reader.value(.host) { IPAddress($0) != nil || Settings.isHostName($0) ? $0 : nil } ?? ""
        port = reader.integer(.port)
        publicURL = reader.address(.publicURL) { text throws(WebAddressError) in
            guard try !WebAddress(text).rest.contains("?") else { throw WebAddressError("must not have a query") }
            return text.last == "/" ? String(text.dropLast()) : text
        }
        let nodeEnvironment = reader.choice(.nodeEnvironment, of: AppEnvironment.self)
        environment = reader.choice(.appEnvironment) ?? nodeEnvironment ?? .production

        let directory = reader.path(.dataDirectory, reader.text(.dataDirectory) ?? ".")
        dataDirectory = directory
        database = reader.database(.databaseURL, otherwise: "crm.sqlite", in: directory)
        queue = reader.database(.queueURL, otherwise: "queue.sqlite", in: directory)

        internalKeys = reader.keys(.internalKey, isLoopback: Settings.isLoopback(host: host))
        opsKeys = reader.keys(.opsKey, isLoopback: Settings.isLoopback(host: host))
        wrapperSecrets = reader.keys(.wrapperSecret, isLoopback: Settings.isLoopback(host: host))
        wrapperWait = reader.integer(.wrapperWait)
        metricsPublic = reader.boolean(.metricsPublic)
        trustedProxies = reader.list(.trustedProxies) { AddressRange($0) }
        corsAllowedOrigins = reader.addresses(.corsAllowedOrigins) { text throws(WebAddressError) in
            guard try WebAddress(text).rest.isEmpty else { throw WebAddressError("must be an origin, without a path") }
            return text.lowercased()
        }

        webhookURL = reader.address(.webhookURL) { text throws(WebAddressError) in try WebAddress(text) }
        webhookSecrets = reader.list(.webhookSecret) { Settings.isWebhookSecret($0) ? Secret($0) : nil }
        webhookAllowedHosts = reader.addresses(.webhookAllowedHosts) { text throws(WebAddressError) in
            try AllowedHost(text)
        }
        webhookSendAPIKey = reader.boolean(.webhookSendAPIKey)
        let systemCAFile = reader.text(.sslCertFile)
        let ownCAFile = reader.text(.webhookCAFile)
        let caFileSetting: SettingDefinition = ownCAFile == nil ? .sslCertFile : .webhookCAFile
        webhookCAFile = (ownCAFile ?? systemCAFile).map { reader.path(caFileSetting, $0) }
        webhookCAFileSetting = caFileSetting.name
        webhookProxy = reader.address(.webhookProxy) { text throws(WebAddressError) in try ProxyAddress(text) }
        webhookOrder = reader.choice(.webhookOrder) ?? .any

        batchSize = reader.integer(.batchSize)
        workers = reader.integer(.workers, auto: max(1, processors))
        validation = reader.choice(.validation) ?? .reject
        emailScope = reader.choice(.emailScope) ?? .global
        requireSyncSource = reader.boolean(.requireSyncSource)
        tenantAliases = reader.choice(.tenantAliases) ?? .learn

        maxRequestBytes = reader.integer(.maxRequestBytes)
        maxUsersPerRequest = reader.integer(.maxUsersPerRequest)
        let connections = reader.integer(.maxConnections)
        maxConnections = connections == 0 ? nil : connections
        maxPendingUsers = reader.integer(.maxPendingUsers)
        minFreeDiskBytes = reader.integer(.minFreeDiskBytes)
        rateLimit = RateLimit(
            max: reader.integer(.rateLimitMax), window: reader.integer(.rateLimitWindow),
            key: reader.choice(.rateLimitKey) ?? .ip)

        retentionDays = reader.integer(.retentionDays)
        shutdownGrace = reader.integer(.shutdownGrace)
        logLevel = reader.value(.logLevel) { LogLevel(word: $0.lowercased()) } ?? (environment == .development ? .debug : .info)
        logFormat = reader.choice(.logFormat) ?? .json
        judgeTogether(&reader)
    }

    private static func isHostName(_ text: String) -> Bool {
        guard let host = try? WebHost(text) else { return false }
        return host.literal == nil && !host.isAbsolute
    }

    /// What only several settings together show.
    private func judgeTogether(_ reader: inout SettingsReader) {
        if internalKeys.isEmpty, !reader.problems.contains(where: { $0.name == SettingDefinition.internalKey.name }) {
            reader.problem(.internalKey, "missing; it is the key shared with the platform, and `usersync keygen` makes one")
        }
        if !Set(internalKeys).isDisjoint(with: opsKeys) {
            reader.problem(.opsKey, "must differ from INTERNAL_API_KEY: whoever has it may not submit")
        }
        if !Set(wrapperSecrets).isDisjoint(with: internalKeys + opsKeys) {
            reader.problem(.wrapperSecret, "must differ from INTERNAL_API_KEY and OPS_API_KEY, which are sent as they are")
        }
        if ExactText(database.path) == ExactText(queue.path) {
            reader.problem(.queueURL, "must not be the file of DATABASE_URL: the queue has one of its own")
        }
        guard !isLoopback, !host.isEmpty else { return }
        if publicURL?.hasPrefix("https://") != true {
            reader.warn(
                .host,
                "the server is reached over the network, and speaks plain HTTP: keys and personal data can be read on the way."
                    + " Put TLS in front and say so with PUBLIC_URL=https://…")
        }
        if metricsPublic { reader.warn(.metricsPublic, "whoever reaches the server reads /metrics") }
        if environment == .development {
            reader.warn(
                .appEnvironment, "development writes the debug log (redacted) while the server is reached over the network")
        }
        if webhookURL?.isPlainToOthers == true {
            reader.warn(
                .webhookURL, "is plain http: the outcome of jobs, personal data among it, can be read on the way. Use https://…")
        }
    }

    /// `whsec_` and the base64 of 24 to 64 bytes (Standard Webhooks).
    private static func isWebhookSecret(_ text: String) -> Bool {
        guard text.hasPrefix("whsec_"), let bytes = Data(base64Encoded: String(text.dropFirst(6))) else { return false }
        return (24...64).contains(bytes.count)
    }
}

extension WebAddress {
    /// True for `http` to a host other than this machine.
    package var isPlainToOthers: Bool { scheme == .http && !Settings.isLoopback(host: host.name) }
}

extension SettingsReader {
    /// A database's address; unset: `file` in the data directory.
    fileprivate mutating func database(_ definition: SettingDefinition, otherwise file: String, in directory: String)
        -> DatabaseAddress
    {
        let fallback = DatabaseAddress.sqlite(path: directory.hasSuffix("/") ? directory + file : "\(directory)/\(file)")
        guard let text = text(definition) else { return fallback }
        do throws(DatabaseAddress.Problem) {
            return try DatabaseAddress(text) { path(definition, $0) }
        } catch {
            switch error {
            case .malformed: refuse(definition)
            case .unsupported(let sentence): problem(definition, sentence)
            }
            return fallback
        }
    }

    /// Keys, each checked to be strong enough for what `HOST` exposes.
    fileprivate mutating func keys(_ definition: SettingDefinition, isLoopback: Bool) -> [Secret] {
        let keys = list(definition)
        for (at, key) in keys.enumerated() {
            let which = keys.count == 1 ? "the key" : "key \(at + 1) of \(keys.count)"
            switch KeyRule.weakness(of: key) {
            case nil: break
            case .short:
                problem(definition, "\(which) has \(key.utf8.count) characters and must have \(KeyRule.minimumLength) or more")
            case .unprintable:
                problem(definition, "\(which) must be visible ASCII characters without spaces")
            case .sample where isLoopback:
                warn(
                    definition, "\(which) is a sample or a pattern that anybody can guess; accepted because HOST is loopback only"
                )
            case .sample:
                problem(
                    definition,
                    "\(which) is a sample or a pattern that anybody can guess; `usersync keygen` makes a good one"
                        + " (samples are accepted only where HOST is a loopback address)")
            }
        }
        return keys.map(Secret.init)
    }
}
