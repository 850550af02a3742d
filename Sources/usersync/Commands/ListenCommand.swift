import ArgumentParser
import Foundation
import ServiceLifecycle
import Settings
import SyncAPI
import SyncClient
import SyncModel
import TerminalUI
import Webhooks

/// `usersync listen`
struct ListenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listen",
        abstract: "Receive webhooks and verify their signatures.",
        discussion: """
            EXAMPLE
              usersync listen --port 4000
              WRAPPER_WEBHOOK_URL=http://127.0.0.1:4000/hook usersync serve     in another terminal
              usersync deliveries test                                          sends a test event

            The secret is WEBHOOK_SECRET, else the one derived from INTERNAL_API_KEY. Answers 204 if the signature is valid, else 401.
            It ends once nobody reads its output any more. A webhook that it cannot show is answered with 503.
            """)

    @Option(help: "The port to listen on; 0 takes any free one.")
    var port = 4000

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: ArgumentHelp("A file with the secret (whsec_…).", valueName: "file"))
    var secretFile: String?

    @Option(help: "The secret itself. Everyone on the machine can see arguments: prefer a file or WEBHOOK_SECRET.")
    var secret: String?

    @Flag(help: "Print each webhook's body, one JSON object per line.")
    var json = false

    @OptionGroup var source: SettingsOptions

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("--port must be from 0 to 65535") }
        if secret != nil, secretFile != nil { throw ValidationError("--secret and --secret-file cannot be combined") }
    }

    func run() async throws {
        let terminal = Terminal.standard
        let (secrets, origin) = try await secrets()
        if secret != nil {
            terminal.warn("everyone on this machine can see --secret; prefer --secret-file or WEBHOOK_SECRET")
        }
        let receiver = WebhookReceiver(host: host, port: port, verifier: WebhookVerifier(secrets: secrets))
        let printsJSON = json
        let host = host.contains(":") ? "[\(host)]" : host
        try await receiver.run(
            listening: { port in
                terminal.note("Listening on http://\(host):\(port), verifying with \(origin). Ctrl-C ends it.")
            },
            received: { event in
                if printsJSON {
                    if let problem = event.problem { terminal.complain("refused: \(problem)") }
                    if event.problem == nil { try terminal.say(json: event.bodyOnOneLine) }
                } else {
                    try terminal.say(event.line(style: terminal.style))
                }
            },
            isSeen: { !terminal.isOutputClosed })
    }

    private func secrets() async throws -> ([WebhookSecret], String) {
        if let secret { return ([try WebhookSecret(secret)], "--secret") }
        if let secretFile { return ([try WebhookSecret(ClientKey.inFile(secretFile).value)], secretFile) }
        let values = try source.values()
        func list(_ name: String) -> [String] { SettingsReader.items(values[name] ?? "") }
        let own = list("WEBHOOK_SECRET")
        if !own.isEmpty { return (try own.map { try WebhookSecret($0) }, "WEBHOOK_SECRET") }
        let keys = list("INTERNAL_API_KEY")
        guard !keys.isEmpty else {
            throw CommandFailure("there is no secret: set WEBHOOK_SECRET or INTERNAL_API_KEY, or name a file with --secret-file")
        }
        // During a key rotation, any of the keys may be the one that the server lists first.
        return (keys.map(WebhookSecret.derived(fromInternalKey:)), "the secret derived from INTERNAL_API_KEY")
    }
}

extension WebhookReceiver.Event {
    /// The body without ends of lines: valid JSON has them between its tokens only.
    var bodyOnOneLine: [UInt8] { body.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 } }

    /// `02:14:05  ✔ user_sync.completed  acme  Synced 5 users  job 0199…`
    func line(style: Style) -> TerminalText {
        let time = style.dim("\(receivedAt.iso8601.dropFirst(11).prefix(8))")
        if let problem { return "\(time)  \(style.red("✘")) refused: \(problem)" }
        guard let document else { return "\(time)  \(style.green("✔")) verified, but the body is not a webhook of usersync" }
        var parts: [TerminalText] = ["\(time)  \(style.green("✔")) \(document.type)"]
        if let tenant = document.result?.tenant { parts.append(TerminalText(tenant.name.isEmpty ? tenant.id : tenant.name)) }
        if let message = document.result?.message ?? document.test?.message { parts.append(TerminalText(message)) }
        if let job = document.result?.jobID { parts.append(style.dim("job \(job)")) }
        if !document.isKnown {
            parts.append("verified, of a type that this version does not know")
        } else if document.result == nil, document.test == nil {
            parts.append("verified, but its data cannot be read")
        }
        return parts.joined(separator: "  ")
    }
}
