import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Classifies an attempt's error and describes it: short, the same words for the same thing, no address, no secret.
enum WebhookSendError {
    static func describe(_ error: any Error, limits: CourierLimits) -> String {
        switch error {
        case is TimeLimitExceeded: return "timeout after \(seconds(limits.attempt)) s"
        case is HostNotFound: return "host not found"
        case is KeptConnectionLost: return "connection closed without an answer"
        case let error as ConnectionBroken: return describe(error, limits: limits)
        case is HTTPParserError: return "the answer cannot be read"
        case is PinnedClients.NotPublic: return "the host's address is not public"
        case let error as HTTPClientError:
            switch error {
            case .connectTimeout, .tlsHandshakeTimeout: return "connect timeout after \(seconds(limits.connect)) s"
            case .deadlineExceeded: return "timeout after \(seconds(limits.attempt)) s"
            case .remoteConnectionClosed: return "connection closed without an answer"
            case .proxyAuthenticationRequired: return "the proxy asks for credentials, or for others"
            case .invalidProxyResponse: return "the proxy did not connect"
            default: return "failed: \(error.shortDescription)"
            }
        // Only the connection to a proxy is made by a name.
        case let error as NIOConnectionError:
            return "the proxy: " + describe(error.connectionErrors.last?.error ?? HostNotFound(), limits: limits)
        case is ChannelError where isConnectTimeout(error): return "connect timeout after \(seconds(limits.connect)) s"
        case let error as IOError:
            switch error.errnoCode {
            case ECONNREFUSED: return "connection refused"
            case ECONNRESET, EPIPE: return "connection reset"
            case EHOSTUNREACH, ENETUNREACH: return "host unreachable"
            case ETIMEDOUT: return "connect timeout after \(seconds(limits.connect)) s"
            default: return "connection failed (errno \(error.errnoCode))"
            }
        default:
            // The TLS library's errors pass through the client unchanged; their texts may be long, so only their types are used.
            let type = String(reflecting: Swift.type(of: error))
            guard type.hasPrefix("NIOSSL.") else { return "failed: \(type)" }
            return "\(error)".contains("CERTIFICATE_VERIFY_FAILED") ? "TLS certificate not accepted" : "TLS handshake failed"
        }
    }

    private static func describe(_ error: ConnectionBroken, limits: CourierLimits) -> String {
        error.cause.errnoCode == ETIMEDOUT ? "connection lost" : describe(error.cause, limits: limits)
    }

    /// True if no byte of the request can have been sent, so the host's next address may be tried. An error of a connection that was
    /// established is a `ConnectionBroken`, whatever the system calls it.
    static func isBeforeRequest(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError: error == .connectTimeout || error == .tlsHandshakeTimeout
        case let error as IOError: ![ECONNRESET, EPIPE].contains(error.errnoCode)
        default: isConnectTimeout(error)
        }
    }

    /// True if the request may be sent again at once: its connection had been used before, or was closed before a byte was sent.
    static func mayRepeat(after error: any Error) -> Bool {
        if case .ioOnClosedChannel = error as? ChannelError { true } else { error is KeptConnectionLost }
    }

    private static func isConnectTimeout(_ error: any Error) -> Bool {
        if case .connectTimeout = error as? ChannelError { true } else { false }
    }

    private static func seconds(_ duration: Duration) -> String {
        let value = duration / .seconds(1)
        return value == value.rounded() ? String(Int(value)) : String(value)
    }
}
