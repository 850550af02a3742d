/// Why a command failed: a sentence for the person who called it.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    /// The status that the process ends with.
    let status: Int32

    init(_ description: String, status: Int32 = 1) {
        self.description = description
        self.status = status
    }

    /// `EX_CONFIG` of `sysexits.h`: trying again will not help before somebody has changed the settings.
    static let badConfiguration: Int32 = 78
}
