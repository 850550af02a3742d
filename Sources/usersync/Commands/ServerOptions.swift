import ArgumentParser
import Settings
import SyncClient
import SyncModel
import TerminalUI

/// Which server a command talks to, and with which key.
struct ServerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The server; by default PUBLIC_URL, else HOST and PORT from the settings.", valueName: "url"))
    var server: String?

    @Option(
        help: ArgumentHelp(
            "A file with the key; by default INTERNAL_API_KEY, else OPS_API_KEY from the settings. No option takes the key"
                + " itself: everyone on the machine can see arguments.", valueName: "file"))
    var keyFile: String?

    @OptionGroup var source: SettingsOptions

    /// Calls `body` with a client for that server.
    func withClient<Value>(_ body: (SyncClient) async throws -> Value) async throws -> Value {
        let target = try target()
        if target.address.isPlainToOthers, target.key != nil {
            Terminal.standard.warn("the key and all data go to \(target.address.host.name) in the clear: use https://…")
        }
        return try await SyncClient.with(target, body)
    }

    func target() throws -> SyncClient.Target {
        let values = try source.values()
        return try SyncClient.Target(values: values, server: server, key: try keyFile.map(ClientKey.inFile))
    }
}

extension SyncClient.Target {
    /// - Parameters:
    ///   - values: the settings, unchecked: a client may run on a machine without the server's settings.
    ///   - server: an address that overrides the settings.
    ///   - key: a key that overrides the settings.
    init(values: [String: String], server: String? = nil, key: Secret? = nil) throws(CommandFailure) {
        var text: String
        if let named = server ?? values["PUBLIC_URL"] { text = named } else { text = try Self.listening(values) }
        while text.hasSuffix("/") { text.removeLast() }
        let address: WebAddress
        do throws(WebAddressError) {
            address = try WebAddress(text)
            guard !address.rest.contains("?") else { throw WebAddressError("must not have a query") }
        } catch {
            // Named, not shown: it may hold a password.
            let name = server != nil ? "--server" : values["PUBLIC_URL"] != nil ? "PUBLIC_URL" : "HOST"
            throw CommandFailure(
                "\(name) is not the address of a server: it \(error), and is like https://crm.example.com",
                status: server == nil ? 1 : CommandFailure.badUsage)
        }
        func first(_ name: String) throws(CommandFailure) -> Secret? {
            guard let first = SettingsReader.items(values[name] ?? "").first else { return nil }
            return try ClientKey.checked(first, from: name)
        }
        var key = key
        if key == nil { key = try first("INTERNAL_API_KEY") }
        if key == nil { key = try first("OPS_API_KEY") }
        self.init(url: text, address: address, key: key)
    }

    /// Where a server with these settings listens.
    private static func listening(_ values: [String: String]) throws(CommandFailure) -> String {
        guard let port = UInt16(values["PORT"] ?? "3000"), port > 0 else {
            throw CommandFailure("PORT is not a port to connect to; name the server with --server")
        }
        return Settings.url(publicURL: nil, host: values["HOST"] ?? "127.0.0.1", port: Int(port))
    }
}
