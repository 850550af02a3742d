/// A sentence about one setting. It holds no value: what is wrong may be a secret in the wrong place.
package struct SettingRemark: Sendable, Hashable, CustomStringConvertible {
    /// The setting's name, or the file's.
    package let name: String
    /// Where the value is (`.env, line 3`); `nil`: in the environment, or nowhere.
    package let place: String?
    /// What is wrong or doubtful, and what to do.
    package let message: String

    package init(name: String, place: String? = nil, message: String) {
        self.name = name
        self.place = place
        self.message = message
    }

    package var description: String { "\(name)\(place.map { " (\($0))" } ?? ""): \(message)" }
}
