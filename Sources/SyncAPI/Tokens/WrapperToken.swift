import Crypto
import FoundationEssentials
package import SyncModel

/// The token that the platform sends with a call of version 2: a JSON Web Token (RFC 7519) signed with HMAC-SHA256.
package struct WrapperToken: Sendable, Hashable {
    package static let issuer = "wrapper.zopkit.com"
    /// The most bytes a token may have; the platform's has about 350.
    package static let maxLength = 4096
    /// Characters of a signature: 32 bytes.
    private static let codeLength = 43
    /// Seconds for which the platform's tokens are valid.
    package static let lifetime = 3600

    /// `org_code`: the organisation whose users the caller may send.
    package let orgCode: String
    /// `sub`: who calls.
    package let subject: String

    /// Why a token is refused.
    package enum Refusal: Error, Sendable, Hashable {
        /// Not a token, or none that any of the secrets has signed: nothing in it is believed.
        case notSigned
        /// Signed, but by its header with another algorithm, or with extensions that must be understood.
        case unsupported
        /// A claim is missing or of the wrong type, or the token is meant for others.
        case claims
        case expired
        /// `nbf` or `iat` are ahead of the clock by more than clocks differ.
        case notYetValid
    }

    package init(orgCode: String, subject: String = "wrapper-service") {
        self.orgCode = orgCode
        self.subject = subject
    }

    // MARK: Writing

    /// The token as the platform writes it.
    package func signed(with secret: String, at now: Timestamp) -> String {
        var claims = WrapperClaims()
        claims.subject = subject
        claims.issuer = WrapperToken.issuer
        claims.role = WrapperClaims.platformRole
        claims.orgCode = orgCode
        claims.issuedAt = now.seconds.rounded(.down)
        claims.expiresAt = now.seconds.rounded(.down) + Double(WrapperToken.lifetime)
        var header = WrapperTokenHeader()
        header.algorithm = WrapperTokenHeader.hs256
        header.type = "JWT"
        let signed = "\(Base64URL.text(header.json)).\(Base64URL.text(claims.json))"
        let code = HMAC<SHA256>.authenticationCode(
            for: Data(signed.utf8), using: SymmetricKey(data: Data(secret.utf8)))
        return "\(signed).\(Base64URL.text(code))"
    }

    // MARK: Reading

    /// Verifies a token. Nothing of it is read before its signature is known to be good.
    /// - Parameter secrets: any of them may have signed it; all are tried, so that the time does not tell which.
    /// - Returns: the token, and the place of the secret that signed it.
    package static func verify(
        _ text: String, secrets: [String], now: Timestamp
    ) throws(Refusal) -> (token: WrapperToken, secret: Int) {
        guard text.utf8.count <= maxLength else { throw .notSigned }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        // Of a token that nobody signed nothing else is decoded: it costs little.
        guard parts.count == 3, parts[2].utf8.count == codeLength, let code = Base64URL.bytes(parts[2]) else { throw .notSigned }
        let signed = Data("\(parts[0]).\(parts[1])".utf8)
        var signer: Int?
        for (at, secret) in secrets.enumerated() {
            let key = SymmetricKey(data: Data(secret.utf8))
            if HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: signed, using: key) { signer = at }
        }
        guard let signer else { throw .notSigned }
        guard let header = Base64URL.bytes(parts[0]), let claims = Base64URL.bytes(parts[1]),
            let read = TokenPart<WrapperTokenHeader>(header), read.document.isSupported
        else {
            throw .unsupported
        }
        return (try token(claims, now: now), signer)
    }

    private static func token(_ json: Data, now: Timestamp) throws(Refusal) -> WrapperToken {
        guard let part = TokenPart<WrapperClaims>(json), case let claims = part.document, claims.isForUs,
            !part.names.contains(WrapperClaims.audience), let orgCode = claims.orgCode, isName(orgCode),
            let expiresAt = claims.expiresAt
        else { throw .claims }
        guard now.seconds < expiresAt else { throw .expired }
        for start in [claims.issuedAt, claims.notBefore] {
            if let start, start - now.seconds > Timestamp.tolerance { throw .notYetValid }
        }
        let subject = claims.subject.flatMap { isName($0) ? $0 : nil }
        return WrapperToken(orgCode: orgCode, subject: subject ?? "unknown")
    }

    /// Whether a text may be a tenant's id or a source: they stand in headers and logs.
    private static func isName(_ text: String) -> Bool {
        (1...TextLimits.name).contains(text.unicodeScalars.count)
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }
}

/// The header of a token (RFC 7515, section 4).
private struct WrapperTokenHeader: JSONDocument {
    static let hs256 = "HS256"

    var algorithm = ""
    var type: String?
    /// Extensions that must be understood; we understand none.
    var critical: [String]?

    /// The platform names no other algorithm, and `none` is none.
    var isSupported: Bool { algorithm == WrapperTokenHeader.hs256 && critical == nil && (type?.uppercased() ?? "JWT") == "JWT" }

    mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.required("alg", &algorithm)
        try coder.optional("typ", &type)
        try coder.optional("crit", &critical)
    }
}

/// The claims of a token (RFC 7519, section 4); times are seconds since 1970.
private struct WrapperClaims: JSONDocument {
    static let platformRole = "admin"
    /// A token that names its recipients, whatever it says of them, is not meant for us: the platform's names none.
    static let audience = "aud"

    var subject: String?
    var issuer: String?
    var role: String?
    var orgCode: String?
    var issuedAt: Double?
    var notBefore: Double?
    var expiresAt: Double?

    /// The platform made it, for a call such as this. A token without a role is taken, one of another role is not.
    var isForUs: Bool {
        issuer == WrapperToken.issuer && (role ?? WrapperClaims.platformRole) == WrapperClaims.platformRole
    }

    mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.optional("sub", &subject)
        try coder.optional("iss", &issuer)
        try coder.optional("role", &role)
        try coder.optional("org_code", &orgCode)
        try coder.optional("iat", &issuedAt)
        try coder.optional("nbf", &notBefore)
        try coder.optional("exp", &expiresAt)
    }
}
