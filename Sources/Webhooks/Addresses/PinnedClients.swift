import SyncModel
import AsyncHTTPClient
import NIOCore

/// HTTP clients, one per address of each host, that connect only to that address.
///
/// A `callbackUrl` is checked on the address connected to: its name is looked up here, every address found is checked, and a
/// client is made whose `dnsOverride` names the checked address, so that TLS still asks for and verifies the name. A name server
/// that answers differently a moment later (DNS rebinding) is not asked again. The configured address is handled in the same way
/// but without the check, because whether the key may be sent depends on where it leads.
actor PinnedClients {
    /// Where a client may connect to.
    enum Reach: Hashable {
        case anywhere, publicOnly
    }

    /// An address, and the client that connects to it.
    struct Pin: Sendable {
        let address: IPAddress
        let client: HTTPClient
    }

    /// One of the host's addresses is not public.
    struct NotPublic: Error, Hashable {}

    private struct Key: Hashable {
        var host: WebHost
        var reach: Reach
    }

    private struct Entry {
        var pins: [Pin]
        var resolvedAt: ContinuousClock.Instant
        /// The address to use, and since when.
        var good: (address: IPAddress, since: ContinuousClock.Instant)?
    }

    private let limits: CourierLimits
    private let resolver: any AddressResolver
    private let trustedRoots: TrustedRoots?
    private let proxy: ProxyAddress?
    private var proxyClient: HTTPClient?
    /// `IPAddress.isPublic`. Tests only have private addresses and substitute their own predicate.
    private let isPublic: @Sendable (IPAddress) -> Bool
    private var entries: [Key: Entry] = [:]
    /// Clients of addresses that a host no longer has; closed once no attempt can use them any more.
    private var retired: [(client: HTTPClient, at: ContinuousClock.Instant)] = []

    /// The most addresses of a host that are tried.
    static let maxAddresses = 16

    init(
        limits: CourierLimits, resolver: any AddressResolver, trustedRoots: TrustedRoots? = nil,
        proxy: ProxyAddress? = nil,
        isPublic: @escaping @Sendable (IPAddress) -> Bool = { $0.isPublic }
    ) {
        self.limits = limits
        self.resolver = resolver
        self.trustedRoots = trustedRoots
        self.proxy = proxy
        self.isPublic = isPublic
    }

    /// The host's addresses with their clients, the families in turn; looked up again after `limits.resolution`.
    /// - Throws: `NotPublic`, `HostNotFound`.
    func pins(for url: WebAddress, reach: Reach) async throws -> [Pin] {
        let key = Key(host: url.host, reach: reach)
        if let entry = entries[key], entry.resolvedAt.duration(to: .now) < limits.resolution { return entry.pins }
        let host = url.host
        let addresses = if let literal = host.literal { [literal] } else { try await resolver.addresses(of: host.lookupName) }
        guard !addresses.isEmpty else { throw HostNotFound() }
        // Every address must be public, not just the one tried first.
        guard reach == .anywhere || addresses.allSatisfy(isPublic) else { throw NotPublic() }
        // Others may have asked meanwhile: read again, with no suspension from here to the store.
        let known = entries[key]?.pins ?? []
        let wanted = Self.familiesInTurn(addresses).prefix(Self.maxAddresses)
        let pins = wanted.map { address in
            known.first { $0.address == address }
                ?? Pin(address: address, client: client(for: url, at: address, reach: reach))
        }
        retired += known.filter { !wanted.contains($0.address) }.map { ($0.client, .now) }
        entries[key] = Entry(pins: pins, resolvedAt: .now, good: entries[key]?.good)
        await closeRetired(olderThan: limits.attempt + limits.drain)
        return pins
    }

    /// A client that reaches the configured address through the proxy, which looks up the host; `nil` if there is no proxy.
    func proxied() -> HTTPClient? {
        guard let proxy else { return nil }
        if let proxyClient { return proxyClient }
        var configuration = configuration()
        configuration.proxy = .server(
            host: proxy.host, port: proxy.port,
            authorization: proxy.credentials.map { .basic(username: $0.user, password: $0.password) })
        configuration.http1_1ConnectionDebugInitializer = KeptConnectionWatch.add
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        proxyClient = client
        return client
    }

    /// Of the host's addresses, the one that takes connections: the one that did so lately, else the winner of a race. The only one is
    /// not asked before.
    /// - Parameter pins: not empty.
    /// - Throws: if no address takes a connection.
    func reachable(_ pins: [Pin], of url: WebAddress, reach: Reach) async throws -> Pin {
        guard pins.count > 1 else { return pins[0] }
        let key = Key(host: url.host, reach: reach)
        if let good = entries[key]?.good, good.since.duration(to: .now) < limits.preference,
            let pin = pins.first(where: { $0.address == good.address })
        {
            return pin
        }
        let address = try await AddressRace(limit: limits.connect).winner(of: pins.map(\.address), port: url.port)
        entries[key]?.good = (address, .now)
        return pins.first { $0.address == address } ?? pins[0]
    }

    /// Notes that an address took no connection: if it was preferred, another race decides.
    func failed(_ pin: Pin, of url: WebAddress, reach: Reach) {
        let key = Key(host: url.host, reach: reach)
        if entries[key]?.good?.address == pin.address { entries[key]?.good = nil }
    }

    /// Notes that none of the host's addresses answered: they are looked up again next time, and none is preferred.
    func doubt(_ url: WebAddress, reach: Reach) {
        let key = Key(host: url.host, reach: reach)
        entries[key]?.resolvedAt = .now - limits.resolution
        entries[key]?.good = nil
    }

    /// IPv6 and IPv4 alternate, beginning with the family of the first, so that a limit on their number cuts neither off.
    private static func familiesInTurn(_ addresses: [IPAddress]) -> [IPAddress] {
        guard let first = addresses.first else { return [] }
        let same = addresses.filter { $0.bitWidth == first.bitWidth }
        let other = addresses.filter { $0.bitWidth != first.bitWidth }
        return (0..<max(same.count, other.count)).flatMap { n in [same, other].compactMap { n < $0.count ? $0[n] : nil } }
    }

    /// Closes all connections. Nothing may be sent afterwards.
    func shutdown() async {
        if let proxyClient { retired.append((proxyClient, .now)) }
        proxyClient = nil
        for entry in entries.values { retired += entry.pins.map { ($0.client, .now) } }
        entries = [:]
        await closeRetired(olderThan: .zero)
    }

    private func closeRetired(olderThan age: Duration) async {
        guard !retired.isEmpty else { return }
        let now = ContinuousClock.now
        let rest = retired.partition { $0.at.duration(to: now) >= age }
        let old = retired[rest...]
        retired.removeSubrange(rest...)
        // It throws only if already closed.
        for (client, _) in old { try? await client.shutdown() }
    }

    /// What all clients have in common.
    private func configuration() -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        // With HTTP/2 a lost connection would not tell which of its requests the receiver has seen.
        configuration.httpVersion = .http1Only
        configuration.tlsConfiguration = trustedRoots?.tlsConfiguration
        configuration.timeout = .init(connect: TimeAmount(limits.connect))
        // A refused connection is the result of the attempt; the schedule says when to try again.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = limits.perDestination
        // Just below the five seconds after which Node.js, on which the platform runs, closes an idle connection.
        configuration.connectionPool.idleTimeout = .seconds(4)
        return configuration
    }

    private func client(for url: WebAddress, at address: IPAddress, reach: Reach) -> HTTPClient {
        var configuration = configuration()
        if url.host.literal == nil { configuration.dnsOverride = [url.host.name: address.description] }
        configuration.http1_1ConnectionDebugInitializer = { channel in
            // A second line of defence: a connection that ends elsewhere, however that came about, carries no request.
            guard reach == .anywhere || channel.remoteAddress.flatMap(IPAddress.init) == address else {
                channel.close(promise: nil)
                return channel.eventLoop.makeFailedFuture(NotPublic())
            }
            return KeptConnectionWatch.add(to: channel)
        }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}
