import NIOCore
import NIOPosix
import SyncModel

/// Finds an address of a host that takes connections, as RFC 8305 ("Happy Eyeballs") has it: families in turn, the next address after
/// 250 ms or as soon as all before it have failed, and the first that connects wins. The connection itself is closed: only the
/// client that is pinned to the address may carry a request.
struct AddressRace: Sendable {
    /// For one address to connect.
    let limit: Duration

    /// Between the starts of two addresses, as `ClientBootstrap` has it.
    private static let delay = Duration.milliseconds(250)

    /// - Throws: the error of an address, if no address takes a connection.
    func winner(of addresses: [IPAddress], port: Int) async throws -> IPAddress {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let race = ClientBootstrap(group: loop)
            .resolver(KnownAddresses(addresses: addresses, loop: loop))
            .connectTimeout(TimeAmount(limit + Self.delay * (addresses.count - 1)))
            // The name is for messages alone: the resolver knows its answer.
            .connect(host: "webhook", port: port)
        // A stream rather than a continuation: cancelling ends the wait at once.
        let (stream, answer) = AsyncStream.makeStream(of: Result<IPAddress?, any Error>.self)
        race.whenComplete { result in
            answer.yield(result.map { $0.remoteAddress.flatMap(IPAddress.init) })
            answer.finish()
            if case .success(let channel) = result { channel.close(promise: nil) }
        }
        for await result in stream {
            do {
                guard let connected = try result.get(), let address = addresses.first(where: { $0 == connected }) else { break }
                return address
            } catch let error as NIOConnectionError {
                throw error.connectionErrors.last?.error ?? HostNotFound()
            }
        }
        try Task.checkCancellation()
        throw HostNotFound()
    }
}

/// Answers with addresses that are known.
private struct KnownAddresses: Resolver, Sendable {
    let addresses: [IPAddress]
    let loop: any EventLoop

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { answer(port, isV6: false) }
    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { answer(port, isV6: true) }
    func cancelQueries() {}

    private func answer(_ port: Int, isV6: Bool) -> EventLoopFuture<[SocketAddress]> {
        loop.makeCompletedFuture {
            try addresses.filter { if case .v6 = $0 { isV6 } else { !isV6 } }
                .map { try SocketAddress(ipAddress: $0.description, port: port) }
        }
    }
}
