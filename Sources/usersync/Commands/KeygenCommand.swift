import ArgumentParser
import Settings
import SyncModel
import TerminalUI
import Webhooks

/// `usersync keygen`
struct KeygenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Make an API key, or show the webhook secret.",
        discussion: """
            EXAMPLES
              echo "INTERNAL_API_KEY=$(usersync keygen)" >> .env
              usersync keygen --webhook                  what the receiver of webhooks needs

            Only the key or secret is written to standard output; what it is, to standard error.
            """)

    @Flag(help: "The webhook secret derived from the first INTERNAL_API_KEY; a random one if no key is set.")
    var webhook = false

    @Flag(help: "Print a JSON object.")
    var json = false

    @OptionGroup var source: SettingsOptions

    func run() async throws {
        let terminal = Terminal.standard
        guard webhook else {
            let key = RandomKey.make()
            if json {
                try terminal.say(
                    json: KeygenCommand.object { json in
                        json.member("kind", "api_key")
                        json.member("key", key)
                    })
            } else {
                terminal.note(terminal.errorStyle.dim("a new key of 32 random bytes"))
                try terminal.say("\(key)")
            }
            return
        }
        let first = SettingsReader.items(try source.values()["INTERNAL_API_KEY"] ?? "").first
        let isDerived = first != nil
        let secret =
            try first.map(WebhookSecret.derived(fromInternalKey:)) ?? WebhookSecret(RandomKey.webhookSecret())
        if json {
            try terminal.say(
                json: KeygenCommand.object { json in
                    json.member("kind", "webhook_secret")
                    json.member("derived", isDerived)
                    json.member("secret", secret.text)
                })
        } else {
            terminal.note(
                terminal.errorStyle.dim(
                    isDerived
                        ? "derived from the first INTERNAL_API_KEY; the server signs with it while WEBHOOK_SECRET is unset"
                        : "a new random secret, as INTERNAL_API_KEY is not set; give it to the server as WEBHOOK_SECRET"))
            try terminal.say("\(secret.text)")
        }
    }

    private static func object(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter()
        json.object(members)
        return json.bytes
    }
}
