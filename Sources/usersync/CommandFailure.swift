/// Why a command failed: a sentence for its user.
package struct CommandFailure: Error, CustomStringConvertible {
    package let description: String
    /// The exit status.
    let status: Int32
    /// Whether it may succeed the next time with nothing changed: a folder that is not mounted yet, for example.
    let mayPass: Bool

    package init(_ description: String, status: Int32 = 1, mayPass: Bool = false) {
        self.description = description
        self.status = status
        self.mayPass = mayPass
    }

    static let badUsage: Int32 = 2
    /// `EX_CONFIG` of `sysexits.h`: trying again does not help until the settings are changed.
    static let badConfiguration: Int32 = 78
}
