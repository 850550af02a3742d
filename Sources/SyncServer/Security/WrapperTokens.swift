package import HTTPTypes
package import Settings
import SyncAPI
package import SyncModel

/// Verifies the tokens of the platform's calls of version 2.
package struct WrapperTokens: Sendable {
    private let secrets: [Secret]
    private let ids: [String]

    /// - Parameter secrets: `WRAPPER_SECRET_KEY`.
    package init(_ secrets: [Secret]) {
        self.secrets = secrets
        ids = secrets.map { APIKeys.id(of: $0) }
    }

    /// Without a secret, nobody can call, and the path does not exist.
    package var isEmpty: Bool { secrets.isEmpty }

    /// The caller whose token a request carries.
    /// - Throws: 401 with the reason, as far as whoever has no secret may know it; 400 if the header is repeated.
    package func caller(in headers: HTTPFields, now: Timestamp) throws(APIError) -> Caller {
        guard let text = try APIKeys.bearer(in: headers) else { throw WrapperTokens.refusal("a token is required") }
        do throws(WrapperToken.Refusal) {
            let (token, secret) = try WrapperToken.verify(text, secrets: secrets.map(\.value), now: now)
            return Caller(role: .wrapper, keyID: ids[secret], token: token)
        } catch {
            let reason =
                switch error {
                case .notSigned: "the token is not signed with WRAPPER_SECRET_KEY"
                case .unsupported: "the token's algorithm must be HS256"
                case .claims: "the token must have iss \(WrapperToken.issuer), exp and org_code, each once, and no aud"
                case .expired: "the token has expired"
                case .notYetValid: "the token is not valid yet: do the clocks differ?"
                }
            throw WrapperTokens.refusal(reason)
        }
    }

    /// RFC 6750, section 3.
    private static func refusal(_ details: String) -> APIError {
        APIError(
            .unauthorized, "Unauthorized - Invalid token", details: .text(details),
            headers: [.wwwAuthenticate: #"Bearer realm="usersync", error="invalid_token""#], closesConnection: true)
    }
}
