package import SyncModel

/// Which addresses a webhook may go to (Contract.md, "The completion webhook").
///
/// There are two kinds: the configured address is the operator's own and may be anywhere; a request's `callbackUrl` comes from
/// outside and may only name a listed host, over https. That its addresses are public is checked on connecting (`PinnedClients`).
package struct AddressPolicy: Sendable {
    private let allowed: Set<AllowedHost>

    /// - Parameter allowedHosts: the entries of `WEBHOOK_ALLOWED_HOSTS`.
    package init(allowedHosts: [AllowedHost]) { allowed = Set(allowedHosts) }

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

    func callback(_ text: String) throws(WebAddressError) -> WebAddress {
        let url = try WebAddress(text)
        guard url.scheme == .https else { throw WebAddressError("must be https") }
        guard allowed.contains(AllowedHost(url)) else {
            throw WebAddressError("names a host and port that WEBHOOK_ALLOWED_HOSTS does not list")
        }
        if let literal = url.host.literal, !literal.isPublic {
            throw WebAddressError("must not name a private or special address")
        }
        return url
    }
}
