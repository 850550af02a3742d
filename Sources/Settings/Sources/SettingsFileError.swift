/// A file of settings that cannot be used: a sentence with the file, the line if there is one, and what is wrong. It quotes names,
/// never values: they may be secrets.
package struct SettingsFileError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
    /// True if retrying may help although nothing is changed: the folder is not mounted yet, for example.
    package let mayPass: Bool

    init(_ description: String, mayPass: Bool = false) {
        self.description = description
        self.mayPass = mayPass
    }
}
