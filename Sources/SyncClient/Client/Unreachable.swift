import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix

/// There was no answer.
package struct Unreachable: Error, CustomStringConvertible {
    package let description: String

    init(url: String, error: any Error) {
        let reason =
            switch error as? HTTPClientError {
            case .connectTimeout?: "it does not answer"
            case .remoteConnectionClosed?: "it closed the connection"
            case .readTimeout?, .deadlineExceeded?: "it took too long"
            default: Unreachable.reason(of: error)
            }
        description = "\(url) cannot be reached: \(reason)"
    }

    private static func reason(of error: any Error) -> String {
        if let error = error as? NIOConnectionError {
            if let failure = error.connectionErrors.first { return reason(of: failure.error) }
            return error.dnsAError == nil ? "the connection failed" : "there is no host called \(error.host)"
        }
        guard let error = error as? IOError else { return "\(error)" }
        return error.errnoCode == ECONNREFUSED
            ? "it refuses the connection; is the server running?" : String(cString: strerror(error.errnoCode))
    }
}
