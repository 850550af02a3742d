import TestSupport
import Testing

import SyncModel
@testable import Settings

/// A key that nothing is wrong with.
private let goodKey = "pdtmdGUa9OgBRqa27f5ilCcSwvOMYuFYiUGlmdS3D1g"

private func read(_ values: [String: String], processors: Int = 4) throws -> Settings.Reading {
    let all = ["INTERNAL_API_KEY": goodKey].merging(values) { $1 }
    return try Settings.read(processors: processors) { all[$0] }
}

/// What stops the start with these values, as `NAME: message`.
private func problems(_ values: [String: String]) -> [String] {
    do {
        _ = try read(values)
        return []
    } catch let error as SettingsError {
        return error.problems.map(\.description)
    } catch {
        return ["\(error)"]
    }
}

@Suite("Settings")
struct SettingsReadTests {
    @Test("with a key alone, everything stands at the contract's defaults")
    func defaults() throws {
        let reading = try read([:], processors: 6)
        let settings = reading.settings
        #expect(reading.warnings.isEmpty)
        #expect(settings.host == "127.0.0.1")
        #expect(settings.port == 3000)
        #expect(settings.publicURL == nil)
        #expect(settings.environment == .production)
        #expect(settings.dataDirectory == "./data")
        #expect(settings.database == .sqlite(path: "./data/crm.sqlite"))
        #expect(settings.queue == .sqlite(path: "./data/queue.sqlite"))
        #expect(settings.internalKeys.map(\.value) == [goodKey])
        #expect(settings.opsKeys.isEmpty)
        #expect(!settings.metricsPublic)
        #expect(settings.trustedProxies.isEmpty)
        #expect(settings.corsAllowedOrigins.isEmpty)
        #expect(settings.webhookURL == nil)
        #expect(settings.webhookSecrets.isEmpty)
        #expect(settings.webhookAllowedHosts.isEmpty)
        #expect(!settings.webhookSendAPIKey)
        #expect(settings.webhookCAFile == nil)
        #expect(settings.webhookProxy == nil)
        #expect(settings.batchSize == 100)
        #expect(settings.workers == 6)
        #expect(settings.validation == .reject)
        #expect(settings.emailScope == .global)
        #expect(!settings.requireSyncSource)
        #expect(settings.tenantAliases == .learn)
        #expect(settings.maxRequestBytes == 512 << 20)
        #expect(settings.maxUsersPerRequest == 1_000_000)
        #expect(settings.maxConnections == nil)
        #expect(settings.maxPendingUsers == 5_000_000)
        #expect(settings.minFreeDiskBytes == 1 << 30)
        #expect(settings.rateLimit == Settings.RateLimit(max: 100, window: 900, key: .ip))
        #expect(settings.retentionDays == 7)
        #expect(settings.shutdownGrace == 20)
        #expect(settings.logLevel == .info)
        #expect(settings.logFormat == .json)
    }

    @Test("every setting of the table is read, and no other")
    func tableIsRead() {
        var reader = SettingsReader { _ in nil }
        _ = Settings(reading: &reader, processors: 1)
        #expect(reader.asked == Set(SettingDefinition.all.map(\.name)))
        #expect(SettingDefinition.all.count == reader.asked.count)
    }

    @Test("every default of the table is valid as a value")
    func defaultsAreValid() throws {
        let values = Dictionary(uniqueKeysWithValues: SettingDefinition.all.map { ($0.name, $0.defaultText) })
        let given = try read(values.merging(["INTERNAL_API_KEY": goodKey]) { $1 })
        #expect(try given == read([:]))
    }

    @Test(
        "a value that is present but not valid is named with what is allowed",
        arguments: [
            ("PORT", "80a"), ("PORT", "65536"), ("PORT", "-1"), ("PORT", "+80"), ("HOST", "http://x"), ("HOST", "a b"),
            ("PUBLIC_URL", "crm.example.com"), ("PUBLIC_URL", "ftp://crm.example.com"),
            ("HOST", "127.1"), ("HOST", "[::1]"), ("APP_ENV", "prod"), ("NODE_ENV", "live"), ("METRICS_PUBLIC", "maybe"),
            ("TRUSTED_PROXIES", "10.0.0.0/33"),
            ("TRUSTED_PROXIES", "proxy"), ("CORS_ALLOWED_ORIGINS", "*"), ("CORS_ALLOWED_ORIGINS", "https://a.example/path"),
            ("WEBHOOK_ALLOWED_HOSTS", "https://a.example"), ("BATCH_SIZE", "49"), ("BATCH_SIZE", "101"), ("WORKERS", "0"),
            ("VALIDATION", "none"), ("EMAIL_SCOPE", "world"), ("REQUIRE_SYNC_SOURCE", "2"), ("MAX_REQUEST_BYTES", "1e9"),
            ("MAX_USERS_PER_REQUEST", "0"), ("MAX_USERS_PER_REQUEST", "20000001"), ("MAX_PENDING_USERS", "many"),
            ("MAX_CONNECTIONS", "15"),
            ("MIN_FREE_DISK_BYTES", "1GB"),
            ("RATE_LIMIT_MAX", "-1"),
            ("RATE_LIMIT_WINDOW", "0"), ("RATE_LIMIT_KEY", "user"), ("RETENTION_DAYS", "0"), ("SHUTDOWN_GRACE", "20s"),
            ("LOG_LEVEL", "loud"), ("LOG_FORMAT", "xml"),
        ])
    func invalid(name: String, value: String) throws {
        let found = problems([name: value])
        #expect(found.count == 1)
        let message = try #require(found.first)
        #expect(message.hasPrefix("\(name): "))
        #expect(message.contains("must be"))
        #expect(!message.contains("\(value) must"))
    }

    @Test("warn is another word for warning")
    func warn() throws {
        #expect(try read(["LOG_LEVEL": "Warn"]).settings.logLevel == .warning)
    }

    @Test("quotes that are part of a value are warned about, and so is what looks like a comment in the environment")
    func leftovers() throws {
        for value in [
            "'\(goodKey)'", "\"\(goodKey)\"", "\"\(goodKey)\",\"\(goodKey)2\"", "\(goodKey),'\(goodKey)2'",
            "'\(goodKey)', \(goodKey)2",
        ] {
            let warnings = try read(["INTERNAL_API_KEY": value]).warnings
            #expect(warnings.map(\.name) == ["INTERNAL_API_KEY"] && warnings.first?.message.contains("quote") == true)
        }
        #expect(try read(["DATA_DIR": "./x\t# here"]).warnings.map(\.name) == ["DATA_DIR"])
        #expect(try read(["DATA_DIR": "./x#y", "OPS_API_KEY": goodKey + "'"]).warnings.isEmpty)
    }

    @Test("a problem names the file and line of the value that counts")
    func places() throws {
        let directory = try TemporaryDirectory()
        try directory.write(".env", "\nPORT=80a\nINTERNAL_API_KEY=\(goodKey)\nHOST=\n")
        try directory.write("config/usersync.yaml", "PORT: 1\n\nHOST: a b\n")
        let source = try SettingsSource(environment: ["LOG_FORMAT": "xml"], directory: directory.path)
        let error = #expect(throws: SettingsError.self) { try source.read(processors: 1, home: nil) }
        #expect(
            error?.problems.map { String("\($0)".split(separator: ": ")[0]) } == [
                "HOST (config/usersync.yaml, line 3)", "PORT (.env, line 2)", "LOG_FORMAT",
            ])
    }

    @Test("addresses are read by the rules that hold everywhere, and the reason is told")
    func addresses() throws {
        for (text, reason) in AddressSamples.refused {
            for name in ["WRAPPER_WEBHOOK_URL", "PUBLIC_URL"] {
                let found = problems([name: text])
                #expect(found.count == 1 && found.first?.hasPrefix("\(name): ") == true, "\(name)=\(text): \(found)")
                #expect(found.first?.contains(reason) == true, "\(name)=\(text): \(found)")
            }
            // An entry of the list is such an address without its scheme and path.
            let entry = text.replacing("https://", with: "").prefix { $0 != "/" }
            guard reason == "port" || reason == "four decimal numbers" else { continue }
            #expect(problems(["WEBHOOK_ALLOWED_HOSTS": String(entry)]).first?.contains(reason) == true, "\(entry)")
        }
        for (text, port) in AddressSamples.taken {
            let settings = try read(["WRAPPER_WEBHOOK_URL": text]).settings
            #expect(settings.webhookURL?.host.name == "hooks.example.com" && settings.webhookURL?.port == port)
        }
    }

    @Test("SSL_CERT_FILE stands for WEBHOOK_CA_FILE where that is unset")
    func authorities() throws {
        #expect(try read(["SSL_CERT_FILE": "/etc/ours.pem"]).settings.webhookCAFile == "/etc/ours.pem")
        let both = ["SSL_CERT_FILE": "/etc/ours.pem", "WEBHOOK_CA_FILE": "/etc/webhooks.pem"]
        #expect(try read(both).settings.webhookCAFile == "/etc/webhooks.pem")
    }

    @Test("all problems are told at once, in the order of the table")
    func allAtOnce() {
        let found = problems(["LOG_FORMAT": "xml", "PORT": "80a", "INTERNAL_API_KEY": "", "BATCH_SIZE": "7"])
        #expect(found.map { $0.prefix { $0 != ":" } } == ["PORT", "INTERNAL_API_KEY", "BATCH_SIZE", "LOG_FORMAT"])
    }

    @Test("an empty value counts as not set, and so does a comment alone after a blank or a tab")
    func empty() throws {
        #expect(try read(["PORT": "  ", "OPS_API_KEY": "", "PUBLIC_URL": ""]) == read([:]))
        #expect(try read(["PORT": " # the usual one", "OPS_API_KEY": "\t#none", "DATA_DIR": "  #"]) == read([:]))
        // Without a blank before it a # may begin a value.
        let key = "#" + goodKey
        #expect(try read(["OPS_API_KEY": key]).settings.opsKeys.map(\.value) == [key])
        #expect(problems(["PORT": "#80"]).count == 1)
    }

    @Test(
        "a path that begins as a shell's variable, another's home or a comment does is a problem, not a folder of that name",
        arguments: ["~bob/data", "~x", "$HOME/x", "${HOME}", "# here", "#"])
    func shellPaths(path: String) throws {
        for (name, value) in [
            ("DATA_DIR", path), ("DATABASE_URL", "sqlite:\(path)"), ("QUEUE_URL", "sqlite:\(path)"), ("WEBHOOK_CA_FILE", path),
            ("SSL_CERT_FILE", path),
        ] {
            let found = problems([name: value])
            let problem = found.count == 1 ? found[0] : ""
            #expect(problem.hasPrefix("\(name): the path begins with \(path.prefix(1))"), "\(found)")
            #expect(!problem.contains(path) || path.count == 1)
        }
    }

    @Test("~/ at the head of a path is the home folder, and nothing else of a path is changed")
    func home() throws {
        func settings(_ values: [String: String], home: String?) throws -> Settings {
            let all = ["INTERNAL_API_KEY": goodKey].merging(values) { $1 }
            return try Settings.read(processors: 1, home: home) { all[$0] }.settings
        }
        let moved = try settings(["DATA_DIR": "~/data", "DATABASE_URL": "sqlite:~/crm.db"], home: "/home/ann/")
        #expect(moved.dataDirectory == "/home/ann/data")
        #expect(moved.database == .sqlite(path: "/home/ann/crm.db"))
        #expect(moved.queue == .sqlite(path: "/home/ann/data/queue.sqlite"))
        #expect(try settings(["DATA_DIR": "~"], home: "/home/ann").dataDirectory == "/home/ann")
        for kept in ["data/~/x", "./~/x", "./$HOME", "./# x", "a$b"] {
            #expect(try settings(["DATA_DIR": kept], home: "/home/ann").dataDirectory == kept)
        }
        #expect(
            throws: SettingsError.self, "two spellings of one file",
            performing: { try settings(["DATABASE_URL": "sqlite:~/x", "QUEUE_URL": "sqlite:/home/ann/x"], home: "/home/ann") })
    }

    @Test(
        "the message never holds a key, a secret or a password",
        arguments: [
            ("INTERNAL_API_KEY", "s3cr3tkey"), ("OPS_API_KEY", "s3cr3tkey"), ("WEBHOOK_SECRET", "whsec_s3cr3tkey"),
            ("DATABASE_URL", "postgres://crm:s3cr3tkey@db/crm"), ("QUEUE_URL", "mysql://crm:s3cr3tkey@db/crm"),
            ("WRAPPER_WEBHOOK_URL", "ftp://wrapper:s3cr3tkey@host/"), ("PUBLIC_URL", "https://u:s3cr3tkey@crm.example.com"),
            ("WEBHOOK_PROXY", "https://u:s3cr3tkey@proxy.example.com"),
            ("PUBLIC_URL", "https://crm.example.com/?token=s3cr3tkey"), ("WEBHOOK_ALLOWED_HOSTS", "u:s3cr3tkey@host"),
            ("CORS_ALLOWED_ORIGINS", "https://a.example/?s3cr3tkey"),
        ])
    func secretsStay(name: String, value: String) throws {
        let message = try #require(problems([name: value]).first)
        #expect(message.hasPrefix("\(name): "))
        #expect(!message.contains("s3cr3t"))
    }

    @Test("a dump of the settings holds no key")
    func dumpHoldsNoKey() throws {
        var text = ""
        dump(try read(["WEBHOOK_SECRET": "whsec_" + goodKey.prefix(40)]).settings, to: &text)
        text += "\(try read([:]).settings)"
        #expect(text.contains("(secret)"))
        #expect(!text.contains(goodKey))
        #expect(!text.contains(goodKey.prefix(40)))
    }
}

@Suite("Settings: keys")
struct SettingsKeyTests {
    @Test("without INTERNAL_API_KEY there is no start, nor with one of fewer than 16 characters")
    func required() {
        #expect(problems(["INTERNAL_API_KEY": ""]).first?.contains("missing") == true)
        #expect(problems(["INTERNAL_API_KEY": "fifteen-charact"]).first?.contains("15 characters") == true)
        #expect(problems(["INTERNAL_API_KEY": "Sixteen-charactr"]).isEmpty)
    }

    @Test("each of several keys has to hold")
    func several() throws {
        #expect(try read(["INTERNAL_API_KEY": " \(goodKey) , \(goodKey)2 ,"]).settings.internalKeys.count == 2)
        #expect(problems(["INTERNAL_API_KEY": "\(goodKey),short"]).first?.contains("key 2 of 2") == true)
    }

    @Test(
        "sample keys are refused on the network and warned about on loopback",
        arguments: [
            "your-super-secure-api-key-2024", "your-internal-api-key", "changeme-changeme-1", "aaaaaaaaaaaaaaaaaaaa",
            "abcabcabcabcabcabcabc", "0123456789abcdefghij", "MySuperSecretKey2024", "REPLACE-ME-REPLACE-ME",
        ])
    func samples(key: String) throws {
        let refused = problems(["INTERNAL_API_KEY": key, "HOST": "0.0.0.0"])
        #expect(refused.count == 1)
        #expect(refused.first?.contains("sample") == true)
        for host in ["127.0.0.1", "::1", "localhost"] {
            let warnings = try read(["INTERNAL_API_KEY": key, "HOST": host]).warnings
            #expect(warnings.map(\.name) == ["INTERNAL_API_KEY"])
        }
        #expect(problems(["OPS_API_KEY": key, "HOST": "0.0.0.0"]).first?.hasPrefix("OPS_API_KEY") == true)
    }

    @Test("random keys pass, in base64, base64url and hexadecimal")
    func randomKeys() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let hex = (0..<4).map { _ in
                let digits = String(random.next() as UInt64, radix: 16)
                return String(repeating: "0", count: 16 - digits.count) + digits
            }.joined()
            #expect(KeyRule.weakness(of: hex) == nil)
        }
        #expect(KeyRule.weakness(of: "q8Zt+T0/LwY2x1vKJr5mB3nD9sFhGaCe4uPoVkXiWyE=") == nil)
    }

    @Test("a key travels in a header: spaces and other letters are refused")
    func visible() {
        #expect(problems(["INTERNAL_API_KEY": "a key with spaces in it 42"]).first?.contains("visible ASCII") == true)
        #expect(problems(["INTERNAL_API_KEY": "schlüsselgewaltig-0815"]).first?.contains("visible ASCII") == true)
    }

    @Test("OPS_API_KEY must differ from every internal key")
    func opsDiffers() {
        #expect(
            problems(["INTERNAL_API_KEY": "\(goodKey),\(goodKey)2", "OPS_API_KEY": "\(goodKey)2"]).first?.contains("differ")
                == true)
        #expect(problems(["OPS_API_KEY": "\(goodKey)3"]).isEmpty)
    }

    @Test("WRAPPER_SECRET_KEY follows the rules of keys, and is none of them; without it there is none")
    func wrapperSecret() throws {
        #expect(try read([:]).settings.wrapperSecrets.isEmpty && read([:]).settings.wrapperWait == 20)
        #expect(problems(["WRAPPER_SECRET_KEY": "your-wrapper-secret-key", "HOST": "0.0.0.0"]).first?.contains("sample") == true)
        #expect(problems(["WRAPPER_SECRET_KEY": "short"]).first?.hasPrefix("WRAPPER_SECRET_KEY") == true)
        #expect(problems(["WRAPPER_SECRET_KEY": "\(goodKey)4, \(goodKey)"]).first?.contains("must differ") == true)
        #expect(
            problems(["WRAPPER_SECRET_KEY": "\(goodKey)3", "OPS_API_KEY": "\(goodKey)3"]).first?.contains("must differ") == true)
        #expect(try read(["WRAPPER_SECRET_KEY": "\(goodKey)4, \(goodKey)5"]).settings.wrapperSecrets.count == 2)
        #expect(problems(["WRAPPER_WAIT": "26"]).count == 1)
        #expect(try read(["WRAPPER_WAIT": "0"]).settings.wrapperWait == 0)
    }

    @Test("WEBHOOK_SECRET is whsec_ and the base64 of 24 to 64 bytes")
    func webhookSecret() throws {
        let bytes24 = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        #expect(try read(["WEBHOOK_SECRET": "whsec_\(bytes24), whsec_\(bytes24)\(bytes24)"]).settings.webhookSecrets.count == 2)
        #expect(!problems(["WEBHOOK_SECRET": bytes24]).isEmpty)
        #expect(!problems(["WEBHOOK_SECRET": "whsec_\(bytes24.dropLast(4))"]).isEmpty)
        #expect(!problems(["WEBHOOK_SECRET": "whsec_\(bytes24)\(bytes24)\(bytes24)"]).isEmpty)
        #expect(!problems(["WEBHOOK_SECRET": "whsec_not base64 at all!"]).isEmpty)
    }
}

@Suite("Settings: addresses and what follows from them")
struct SettingsAddressTests {
    @Test("DATABASE_URL takes sqlite:PATH")
    func sqlite() throws {
        for (text, path) in [
            ("sqlite:crm.db", "crm.db"), ("sqlite:/var/crm.db", "/var/crm.db"), ("sqlite:///var/crm.db", "/var/crm.db"),
            ("SQLite:./x y.db", "./x y.db"),
        ] {
            #expect(try read(["DATABASE_URL": text]).settings.database == .sqlite(path: path))
        }
        #expect(try read(["DATA_DIR": "/srv/usersync/"]).settings.queue == .sqlite(path: "/srv/usersync/queue.sqlite"))
        for text in ["sqlite:", "sqlite://host/path", "sqlite::memory:", "sqlite:x?mode=ro", "your-database-url", "crm.sqlite"] {
            #expect(problems(["DATABASE_URL": text]).count == 1)
        }
    }

    @Test("postgres:// stops the start, saying so", arguments: ["DATABASE_URL", "QUEUE_URL"])
    func postgres(name: String) {
        for scheme in ["postgres", "postgresql", "Postgres"] {
            let found = problems([name: "\(scheme)://u:p@h/db"])
            #expect(found.count == 1)
            #expect(found.first?.contains("no PostgreSQL driver yet") == true)
        }
    }

    @Test("queue and users do not share a file")
    func sharedFile() {
        #expect(problems(["DATABASE_URL": "sqlite:x.db", "QUEUE_URL": "sqlite:x.db"]).first?.hasPrefix("QUEUE_URL") == true)
    }

    @Test("two spellings of one Unicode text name two files")
    func spellings() throws {
        let settings = try read(["DATABASE_URL": "sqlite:caf\u{E9}.db", "QUEUE_URL": "sqlite:cafe\u{301}.db"]).settings
        #expect(!settings.database.path.utf8.elementsEqual(settings.queue.path.utf8))
    }

    @Test("a host on the network without TLS in front is warned about")
    func plain() throws {
        #expect(try read(["HOST": "0.0.0.0"]).warnings.map(\.name) == ["HOST"])
        #expect(try read(["HOST": "0.0.0.0", "PUBLIC_URL": "http://crm.example.com"]).warnings.map(\.name) == ["HOST"])
        #expect(try read(["HOST": "0.0.0.0", "PUBLIC_URL": "https://crm.example.com/"]).warnings.isEmpty)
        let all = try read([
            "HOST": "::", "METRICS_PUBLIC": "true", "NODE_ENV": "development",
            "WRAPPER_WEBHOOK_URL": "http://wrapper.example/hook",
        ])
        #expect(all.warnings.map(\.name) == ["HOST", "METRICS_PUBLIC", "APP_ENV", "WRAPPER_WEBHOOK_URL"])
    }

    @Test("APP_ENV goes before NODE_ENV, and development means the debug log unless LOG_LEVEL says otherwise")
    func environment() throws {
        #expect(try read(["NODE_ENV": "development"]).settings.logLevel == .debug)
        #expect(try read(["NODE_ENV": "development", "APP_ENV": "production"]).settings.environment == .production)
        #expect(try read(["NODE_ENV": "development", "LOG_LEVEL": "warning"]).settings.logLevel == .warning)
    }

    @Test("the local address is one that can be called")
    func localURL() throws {
        #expect(try read(["HOST": "0.0.0.0", "PORT": "8080"]).settings.localURL == "http://127.0.0.1:8080")
        #expect(try read(["HOST": "::1"]).settings.localURL == "http://[::1]:3000")
        #expect(try read(["PUBLIC_URL": "https://crm.example.com/"]).settings.localURL == "https://crm.example.com")
    }

    @Test("lists are read entry by entry, and a wrong one is pointed at")
    func lists() throws {
        let settings = try read([
            "TRUSTED_PROXIES": "10.0.0.0/8, ::1", "CORS_ALLOWED_ORIGINS": "https://A.example,http://localhost:5173",
            "WEBHOOK_ALLOWED_HOSTS": "Hooks.Example.com, hooks.example.com:8443, a.example.",
        ]).settings
        #expect(settings.trustedProxies.count == 2)
        #expect(settings.corsAllowedOrigins == ["https://a.example", "http://localhost:5173"])
        #expect(settings.webhookAllowedHosts.map(\.description) == ["hooks.example.com", "hooks.example.com:8443", "a.example"])
        #expect(problems(["TRUSTED_PROXIES": "10.0.0.0/8,x"]).first?.contains("entry 2") == true)
    }
}
