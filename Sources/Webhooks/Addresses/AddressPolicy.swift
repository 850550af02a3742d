/// Which addresses a webhook may go to (Contract.md, "The completion webhook").
///
/// There are two kinds: the configured address is the operator's own and may be anywhere; a request's `callbackUrl` comes from
/// outside and may only name a listed host, over https. That its addresses are public is checked on connecting (`PinnedClients`).
package struct AddressPolicy: Sendable {
    /// The entries of `WEBHOOK_ALLOWED_HOSTS`: `host`, which allows port 443, or `host:port`, which allows only that port. Hosts
    /// are compared as a whole, ignoring case; there are no wildcards. An IPv6 address is in brackets.
    private let allowed: Set<Endpoint>

    private struct Endpoint: Hashable {
        var host: String
        var port: Int
    }

    /// - Throws: `WebhookURLError` naming the invalid entry.
    package init(allowedHosts: [String]) throws(WebhookURLError) {
        var allowed: Set<Endpoint> = []
        for entry in allowedHosts {
            do {
                // An entry is the authority of a URL and nothing else.
                let url = try WebhookURL("https://" + entry)
                guard !entry.contains("/"), !entry.contains("?") else { throw WebhookURLError("is not a host or host:port") }
                allowed.insert(Endpoint(host: url.host, port: url.port))
            } catch {
                throw WebhookURLError("entry \"\(entry)\" \(error)")
            }
        }
        self.allowed = allowed
    }

    /// Why a request may not name this `callbackUrl`, as the end of a sentence ("must be https"); `nil` if it may. Checks only
    /// the text.
    package func validate(callbackURL: String) -> String? {
        do {
            _ = try callback(callbackURL)
            return nil
        } catch {
            return error.description
        }
    }

    /// Why `WRAPPER_WEBHOOK_URL` cannot be this, likewise; `nil` if it can: http or https, any host.
    package static func validate(configuredURL: String) -> String? {
        do {
            _ = try WebhookURL(configuredURL)
            return nil
        } catch {
            return error.description
        }
    }

    func callback(_ text: String) throws(WebhookURLError) -> WebhookURL {
        let url = try WebhookURL(text)
        guard url.scheme == .https else { throw WebhookURLError("must be https") }
        guard allowed.contains(Endpoint(host: url.host, port: url.port)) else {
            throw WebhookURLError("names a host and port that WEBHOOK_ALLOWED_HOSTS does not list")
        }
        if let literal = url.literal, !literal.isPublic { throw WebhookURLError("must not name a private or special address") }
        return url
    }
}
