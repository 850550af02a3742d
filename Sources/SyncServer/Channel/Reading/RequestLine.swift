import HTTPTypes
import SyncAPI

/// `method SP target SP version` (RFC 9112, section 3).
struct RequestLine: Sendable {
    let method: HTTPRequest.Method
    /// Path and query.
    let path: String
    /// The authority of a target that is a whole URL; it replaces Host then.
    let authority: String?
    let isHTTP10: Bool

    /// Methods that exist, whether or not a route takes them (405 if not): those of RFC 9110, PATCH (RFC 5789), QUERY (the HTTP
    /// working group's safe method with a body).
    private static let methods: [String: HTTPRequest.Method] = Dictionary(
        uniqueKeysWithValues: (known + [HTTPRequest.Method("QUERY")].compactMap(\.self)).map { ($0.rawValue, $0) })
    private static let known: [HTTPRequest.Method] = [
        .get, .head, .post, .put, .delete, .options, .trace, .patch, .connect,
    ]

    init(_ line: UnsafeRawBufferPointer.SubSequence) throws(WireRefusal) {
        let words = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 3, words[0].allSatisfy(FieldSyntax.isToken), !words[0].isEmpty else {
            throw .malformed("The request line is not method, target and version")
        }
        isHTTP10 = try RequestLine.isHTTP10(words[2])
        let target = words[1]
        guard target.count <= RequestHeadLimits.target else { throw .targetTooLong(limit: RequestHeadLimits.target) }
        guard !target.isEmpty, target.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .malformed("The request target holds what must be percent-encoded")
        }
        guard let method = RequestLine.methods[String(decoding: words[0], as: UTF8.self)] else { throw .unknownMethod }
        guard method != .connect else { throw .tunnel }
        self.method = method
        if target.first == 0x2F || method == .options && target.elementsEqual("*".utf8) {
            path = String(decoding: target, as: UTF8.self)
            authority = nil
        } else {
            (authority, path) = try RequestLine.absolute(target)
        }
    }

    private static func isHTTP10(_ version: UnsafeRawBufferPointer.SubSequence) throws(WireRefusal) -> Bool {
        guard version.count == 8, version.starts(with: "HTTP/".utf8) else { throw .malformed("The version is not HTTP/1.1") }
        let (major, dot, minor) = (
            version[version.startIndex + 5], version[version.startIndex + 6], version[version.startIndex + 7]
        )
        guard dot == 0x2E, (0x30...0x39).contains(major), (0x30...0x39).contains(minor) else {
            throw .malformed("The version is not HTTP/1.1")
        }
        guard major == 0x31 else { throw .unknownVersion }
        return minor == 0x30
    }

    /// `http://authority/path?query`, as sent to a proxy; a server must accept it too (RFC 9112, section 3.2.2).
    private static func absolute(_ target: UnsafeRawBufferPointer.SubSequence) throws(WireRefusal) -> (String, String) {
        let text = String(decoding: target, as: UTF8.self)
        guard let colon = text.firstRange(of: "://"), ["http", "https"].contains(text[..<colon.lowerBound].lowercased()) else {
            throw .malformed("The request target is neither a path nor a URL")
        }
        let rest = text[colon.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard HostSyntax.isHost(Array(authority.utf8)) else { throw .malformed("The request target names no host") }
        let path = rest[authority.endIndex...]
        return (String(authority), path.hasPrefix("/") ? String(path) : "/" + path)
    }
}
