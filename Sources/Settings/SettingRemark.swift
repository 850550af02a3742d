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
