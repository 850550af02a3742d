import Foundation
import Settings
import SyncModel
import TerminalUI
import Webhooks

/// What can be checked without a server: settings, files, the schema.
struct ConfigurationCheck {
    let reading: Settings.Reading
    /// Names of the settings that are set in any layer.
    let named: Set<String>
    /// Of the process: other programs' settings that usersync does not honour.
    var processEnvironment = ProcessInfo.processInfo.environment

    var settings: Settings { reading.settings }

    func run(into list: inout Checklist) {
        environment(&list)
        dataFolder(&list)
        queue(&list)
        webhooks(&list)
        schema(&list)
        security(&list)
        logging(&list)
        performance(&list)
    }

    private func environment(_ list: inout Checklist) {
        list.ok(
            .environment,
            "all \(SettingDefinition.all.count) settings are valid, \(named.count) of them set, the others by default")
        for warning in reading.warnings { list.doubt(.environment, warning.description, "see `usersync serve --help`") }
        if settings.environment == .development {
            list.doubt(.environment, "APP_ENV is development: the debug log is on", "set APP_ENV=production")
        }
        if settings.webhookURL == nil {
            list.doubt(
                .environment, "WRAPPER_WEBHOOK_URL is not set: the platform is not notified when a job ends",
                "set it, unless the platform polls")
        }
    }

    private func webhooks(_ list: inout Checklist) {
        for name in ["HTTPS_PROXY", "https_proxy"] where processEnvironment[name]?.isEmpty == false {
            list.doubt(
                .environment, "\(name) is set, and usersync does not honour it",
                settings.webhookProxy == nil
                    ? "set WEBHOOK_PROXY if webhooks to WRAPPER_WEBHOOK_URL need a proxy" : "WEBHOOK_PROXY, which is set, counts")
        }
        guard let file = settings.webhookCAFile else { return }
        do throws(TrustedRootsError) {
            _ = try TrustedRoots(file: file)
            list.ok(.environment, "the authorities in \(file) are trusted for webhooks")
        } catch {
            list.failure(
                .environment, "\(settings.webhookCAFileSetting): \(error)",
                "correct \(settings.webhookCAFileSetting): the server does not start")
        }
    }

    private func dataFolder(_ list: inout Checklist) {
        let path = settings.dataDirectory
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else { return }
        list.failure(.environment, "DATA_DIR: \(path) is not a folder", "name another: the server does not start")
    }

    private func security(_ list: inout Checklist) {
        if settings.internalKeys.allSatisfy({ KeyRule.weakness(of: $0.value) == nil }) {
            let shortest = settings.internalKeys.map(\.value.utf8.count).min() ?? 0
            if shortest < 32 {
                list.doubt(
                    .security, "INTERNAL_API_KEY has \(shortest) characters", "use 32 or more: usersync keygen")
            } else {
                list.ok(.security, "INTERNAL_API_KEY is strong (\(Format.count(settings.internalKeys.count, "key")))")
            }
        }
        if settings.opsKeys.isEmpty {
            list.doubt(
                .security, "OPS_API_KEY is not set: operators need the key that may submit",
                "set OPS_API_KEY=$(usersync keygen)")
        } else {
            list.ok(.security, "OPS_API_KEY is set and differs from INTERNAL_API_KEY")
        }
        versionTwo(&list)
        if settings.isLoopback {
            list.ok(.security, "the server listens on \(settings.host) only; the proxy in front of it must terminate TLS")
        } else if settings.publicURL?.hasPrefix("https://") == true {
            list.ok(.security, "TLS is terminated in front (PUBLIC_URL is https)")
        }
        if settings.webhookSendAPIKey, settings.webhookURL != nil {
            list.doubt(
                .security, "WEBHOOK_SEND_API_KEY is true: the key that may submit is sent to the receiver, which may log it",
                "set WEBHOOK_SEND_API_KEY=false: webhooks are signed")
        }
        twoStores(&list)
        for path in [".env", settings.dataDirectory] + storeFiles {
            guard let mode = ConfigurationCheck.mode(of: path), mode & 0o077 != 0 else { continue }
            let isDirectory = path == settings.dataDirectory
            list.doubt(
                .security, "\(path) can be read by others on this machine (mode \(String(mode, radix: 8)))",
                "chmod \(isDirectory ? "700" : "600") \(path)")
        }
    }

    private func versionTwo(_ list: inout Checklist) {
        guard let shortest = settings.wrapperSecrets.map(\.value.utf8.count).min() else { return }
        if shortest < 32 {
            list.doubt(
                .security, "WRAPPER_SECRET_KEY has \(shortest) characters, and HS256 asks for 32 (RFC 7518)",
                "use 32 or more, here and on the platform: usersync keygen")
        } else {
            list.ok(.security, "WRAPPER_SECRET_KEY is long enough for HS256")
        }
        if settings.validation == .reject {
            list.doubt(
                .errors, "VALIDATION is reject: one user of the platform that breaks a rule refuses its whole list",
                "set VALIDATION=per-user")
        }
        if settings.emailScope == .global {
            list.doubt(
                .schema, "EMAIL_SCOPE is global: a person in two of the platform's companies fails in the second",
                "set EMAIL_SCOPE=tenant, unless the CRM needs emails to be unique")
        }
    }

    private func logging(_ list: inout Checklist) {
        switch settings.logLevel {
        case .trace, .debug, .info, .notice:
            list.ok(.logging, "log lines as \(settings.logFormat.rawValue) from \(settings.logLevel.rawValue) on")
        case .warning, .error, .critical:
            list.doubt(.logging, "LOG_LEVEL=\(settings.logLevel.rawValue): syncs are not logged", "set LOG_LEVEL=info")
        }
    }

    private func performance(_ list: inout Checklist) {
        list.ok(
            .performance,
            "batches of \(settings.batchSize) users, \(Format.count(settings.workers, "worker")), work goes on after the answer (202)"
        )
        let cores = ProcessInfo.processInfo.activeProcessorCount
        if settings.workers > cores * 4 {
            list.doubt(.performance, "WORKERS=\(settings.workers) on \(Format.count(cores, "core"))", "set WORKERS=auto")
        }
        var directory = queueDisk
        repeat {
            directory = (directory as NSString).deletingLastPathComponent
        } while !directory.isEmpty && !FileManager.default.fileExists(atPath: directory)
        let facts = try? FileManager.default.attributesOfFileSystem(forPath: directory.isEmpty ? "." : directory)
        guard let free = (facts?[.systemFreeSize] as? NSNumber)?.intValue else { return }
        if free < settings.minFreeDiskBytes {
            list.failure(
                .performance, "the queue's disk has \(Format.bytes(free)) free: below MIN_FREE_DISK_BYTES syncs are refused",
                "make room, or lower MIN_FREE_DISK_BYTES")
        } else {
            list.ok(.performance, "the queue's disk has \(Format.bytes(free)) free")
        }
    }

    /// The permission bits; `nil` if nothing exists there.
    private static func mode(of path: String) -> Int? {
        ((try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? NSNumber)?.intValue
    }
}
