/// Why a command failed: a sentence for the person who called it.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    /// The status that the process ends with.
    let status: Int32
    /// Whether it may be otherwise the next time, though nobody has changed anything: a folder that is not mounted yet, say.
    let mayPass: Bool

    init(_ description: String, status: Int32 = 1, mayPass: Bool = false) {
        self.description = description
        self.status = status
        self.mayPass = mayPass
    }

    /// `EX_CONFIG` of `sysexits.h`: trying again will not help before somebody has changed the settings.
    static let badConfiguration: Int32 = 78
}
