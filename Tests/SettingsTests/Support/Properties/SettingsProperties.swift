import SyncModel
#if canImport(TestSupport)
    import Settings
    import TestSupport
#endif

/// What must hold for any text as the value of a setting: it is taken or named as wrong, and no secret is told.
enum SettingsProperties {
    private static let key = "pdtmdGUa9OgBRqa27f5ilCcSwvOMYuFYiUGlmdS3D1g"

    /// - Parameter text: `NAME` of any setting (or its place in the table) and, behind the first `=`, the value.
    static func check(_ text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let all = SettingDefinition.all
        let sum = parts[0].utf8.reduce(0) { $0 &* 31 &+ Int($1) }
        let definition = all.first { $0.name == parts[0] } ?? all[Int(sum.magnitude % UInt(all.count))]
        try check(definition, parts.count == 2 ? String(parts[1]) : "")
    }

    static func check(_ definition: SettingDefinition, _ value: String) throws {
        var values = ["INTERNAL_API_KEY": key]
        values[definition.name] = value
        do {
            let reading = try Settings.read(processors: 2, home: "/home/ann") { values[$0] }
            try hold(!reading.settings.internalKeys.isEmpty, "there is always a key")
            try hold((0...65_535).contains(reading.settings.port), "a port is one")
            try hold(reading.settings.workers >= 1, "somebody works")
            try hold(!reading.settings.localURL.isEmpty, "the server has an address")
            if SettingsReader.isSet(value), let url = reading.settings.webhookURL {
                try hold((try? WebAddress(url.text)) != nil, "an address is one")
            }
            try checkSilence(reading.warnings, of: definition, value)
        } catch let error as SettingsError {
            try hold(!error.problems.isEmpty, "what is refused is refused for something")
            try checkSilence(error.problems, of: definition, value)
        }
    }

    /// The value of a secret setting stands in no sentence. Short ones may be words of it.
    private static func checkSilence(_ remarks: [SettingRemark], of definition: SettingDefinition, _ value: String) throws {
        let parts = value.split(whereSeparator: { $0 == "," || $0.isWhitespace || $0 == ":" || $0 == "/" })
        for remark in remarks where definition.isSecret {
            for part in parts where part.count >= 20 {
                try hold(!remark.message.contains(part), "\(definition.name) is not told: \(remark.message)")
            }
        }
    }
}
