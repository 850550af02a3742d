import Foundation

/// Standard output cannot be written: the disk is full, say.
package struct OutputFailure: Error, CustomStringConvertible {
    /// As `errno` has it.
    let code: Int32

    package var description: String { "standard output cannot be written: \(String(cString: strerror(code)))" }
}
