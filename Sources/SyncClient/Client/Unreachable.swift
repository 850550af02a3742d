import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
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
        if error is NIOTooManyBytesError { return "its answer is too large; is it a usersync server?" }
        if let error = error as? HTTPParserError {
            return error == .invalidEOFState
                ? "it closed the connection in the middle of its answer" : "what it answers is not HTTP; is it the right port?"
        }
        guard let error = error as? IOError else { return "\(error)" }
        return error.errnoCode == ECONNREFUSED
            ? "it refuses the connection; is the server running?" : String(cString: strerror(error.errnoCode))
    }
}
