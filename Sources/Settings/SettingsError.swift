/// Settings that prevent the start: everything wrong with them, in the order of the table.
package struct SettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    package let problems: [SettingRemark]

    package init(problems: [SettingRemark]) { self.problems = problems }

    package var description: String {
        "\(problems.count == 1 ? "A setting is" : "\(problems.count) settings are") not usable:\n"
            + problems.map { "  \($0)" }.joined(separator: "\n")
    }
}
