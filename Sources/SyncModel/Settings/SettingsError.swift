/// A sentence about one setting. It never holds the value of a secret.
package struct SettingRemark: Sendable, Hashable, CustomStringConvertible {
    /// The setting's name.
    package let name: String
    /// What is wrong or doubtful, and what to do.
    package let message: String

    package init(name: String, message: String) {
        self.name = name
        self.message = message
    }

    package var description: String { "\(name): \(message)" }
}

/// Settings that stop the start: all that is wrong with them, in the order of the table.
package struct SettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    package let problems: [SettingRemark]

    package init(problems: [SettingRemark]) { self.problems = problems }

    package var description: String {
        "\(problems.count == 1 ? "A setting is" : "\(problems.count) settings are") not usable:\n"
            + problems.map { "  \($0)" }.joined(separator: "\n")
    }
}
