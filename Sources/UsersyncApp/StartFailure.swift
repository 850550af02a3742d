/// Why the server cannot start: a sentence for the person who starts it.
package struct StartFailure: Error, CustomStringConvertible {
    package let description: String
    /// True if trying again will not help until the settings are changed.
    package let isMisconfigured: Bool

    init(_ description: String, isMisconfigured: Bool = false) {
        self.description = description
        self.isMisconfigured = isMisconfigured
    }
}
