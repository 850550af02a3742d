package import SyncModel
import Dispatch
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Finds a host's addresses.
package protocol AddressResolver: Sendable {
    /// In the order in which to try them; never empty.
    func addresses(of host: String) async throws -> [IPAddress]
}

/// The host has no address, or its name server did not answer.
package struct HostNotFound: Error, Sendable, Hashable {}

/// `getaddrinfo`, which blocks, on a separate thread.
package struct SystemResolver: AddressResolver {
    package init() {}

    package func addresses(of host: String) async throws -> [IPAddress] {
        // A stream rather than a continuation: cancelling ends the wait at once, even while the name server is silent.
        let (stream, answer) = AsyncStream.makeStream(of: [IPAddress].self, bufferingPolicy: .bufferingNewest(1))
        DispatchQueue.global().async {
            answer.yield(Self.lookUp(host))
            answer.finish()
        }
        for await found in stream where !found.isEmpty { return found }
        try Task.checkCancellation()
        throw HostNotFound()
    }

    private static func lookUp(_ host: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        var found: [IPAddress] = []
        for entry in sequence(first: first, next: { $0?.pointee.ai_next }) {
            guard let entry, let address = entry.pointee.ai_addr else { break }
            let ip: IPAddress? =
                switch entry.pointee.ai_family {
                case AF_INET:
                    address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { IPAddress(SocketAddress($0.pointee)) }
                case AF_INET6:
                    address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { IPAddress(SocketAddress($0.pointee)) }
                default: nil
                }
            if let ip, !found.contains(ip) { found.append(ip) }
        }
        return found
    }
}
