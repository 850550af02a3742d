import Foundation
import NIOCore

/// Why the server cannot start: a sentence for the person who starts it, without values of settings that may be secret.
package struct StartFailure: Error, CustomStringConvertible {
    package let description: String
    /// True if trying again will not help until the settings are changed.
    package let isMisconfigured: Bool

    init(_ description: String, isMisconfigured: Bool = false) {
        self.description = description
        self.isMisconfigured = isMisconfigured
    }
}

extension StartFailure {
    /// The server cannot listen.
    init(listening error: any Error) {
        switch error {
        case let error as IOError where error.errnoCode == EACCES:
            self.init("HOST and PORT: listening there is not permitted", isMisconfigured: true)
        case let error as IOError:
            self.init("HOST and PORT: the server cannot listen there: \(String(cString: strerror(error.errnoCode)))")
        case is SocketAddressError, is SocketAddressError.UnknownHost: self.init("HOST: the name cannot be looked up")
        default: self.init("HOST and PORT: the server cannot listen there (\(String(reflecting: type(of: error))))")
        }
    }
}
