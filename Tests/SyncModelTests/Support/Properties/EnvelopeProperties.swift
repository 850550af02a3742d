import Foundation
import SyncModel
#if canImport(TestSupport)
    import TestSupport
#endif

/// What must hold for an envelope, against the body as Foundation reads it.
enum EnvelopeProperties {
    static func check(_ envelope: SyncEnvelope, in sent: [String: Any]) throws {
        if let mode = envelope.mode {
            try hold(sent["mode"] as? String == mode.rawValue, "a body of version 2 says so")
            try checkText(envelope.tenantID.text, sent["orgCode"], 1...255)
            try hold(envelope.syncTime == nil && envelope.callbackURL == nil, "version 2 names no time and no address")
            return try checkWarnings(envelope.warnings)
        }
        try hold(sent["operation"] as? String == "user_sync", "a sync says so")
        try checkTenant(envelope.tenantID.text, envelope.tenantName, in: sent)
        let metadata = sent["metadata"] as? [String: Any] ?? [:]
        try checkMoment(envelope.syncTime, metadata["syncTime"])
        try checkText(envelope.syncedBy, metadata["syncedBy"], 0...255)
        try checkText(envelope.syncType, metadata["syncType"], 0...255)
        try checkText(envelope.applicationCode, metadata["applicationCode"], 0...255)
        try checkText(envelope.callbackURL, metadata["callbackUrl"], 1...2048)
        try checkWarnings(envelope.warnings)
    }

    static func check(_ envelope: RemovalEnvelope, in sent: [String: Any]) throws {
        try hold(sent["operation"] as? String == "user_removal", "a removal says so")
        try checkTenant(envelope.tenantID.text, envelope.tenantName, in: sent)
        try checkText(envelope.userID, sent["userId"], 1...255)
        try checkMoment(envelope.removedAt, sent["removedAt"])
        try checkText(envelope.reason, sent["reason"], 0...500)
        try checkWarnings(envelope.warnings)
        try hold(envelope.payload.count == 1, "a removal has one record")
        try envelope.payload.forEach { record in
            try hold(record.index == 0 && record.text(.id) == envelope.userID, "its record names the user")
        }
    }

    private static func checkTenant(_ id: String, _ name: String, in sent: [String: Any]) throws {
        guard let tenant = sent["tenant"] as? [String: Any] else { throw BrokenProperty("a tenant is an object") }
        try checkText(id, tenant["id"], 1...255)
        try checkText(name, tenant["name"], 1...255)
    }

    private static func checkText(_ text: String?, _ sent: Any?, _ lengths: ClosedRange<Int>) throws {
        guard let text else { return try hold(sent == nil || sent is NSNull, "a text that was sent is kept") }
        try hold((sent as? String).map { JSONOracle.isSame(text, as: $0) } == true, "a text is kept as it was sent")
        try hold(lengths.contains(text.unicodeScalars.count), "a text keeps to its length")
    }

    private static func checkMoment(_ moment: Timestamp?, _ sent: Any?) throws {
        guard let moment else { return try hold(sent == nil || sent is NSNull, "a moment that was sent is kept") }
        try hold((sent as? String).flatMap { Timestamp(iso8601: $0) } == moment, "a moment is the one that was sent")
    }

    private static func checkWarnings(_ warnings: [String]) throws {
        try hold(warnings.count <= 20 && Set(warnings).count == warnings.count, "twenty keys are named at most, each once")
        for warning in warnings {
            try hold(
                warning.hasPrefix("Unknown key \"") && warning.hasSuffix("\" was ignored") || warning.hasPrefix("full-reconcile ")
                    || warning.contains(" a name that is "), "a warning is one of those that there are: \(warning)")
            try hold(warning.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }, "a warning can be shown")
        }
    }
}
