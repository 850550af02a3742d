import HTTPTypes

/// The fields of a head, and what they say about the connection and the body.
struct FieldReading: Sendable {
    /// All fields except Host.
    private(set) var fields = HTTPFields()
    private var hosts: [String] = []
    private var lengths: [String] = []
    private var codings: [String] = []
    private var connection: [String] = []
    private var expects: [String] = []

    /// Reads one line.
    mutating func add(_ line: UnsafeRawBufferPointer.SubSequence) throws(WireRefusal) {
        guard let colon = line.firstIndex(of: 0x3A) else { throw .malformed("A header field has no colon") }
        // A blank before the colon, or at the start of a line, can be used to smuggle requests.
        guard colon > line.startIndex, line[..<colon].allSatisfy(FieldSyntax.isToken),
            let name = HTTPField.Name(String(decoding: line[..<colon], as: UTF8.self))
        else { throw .malformed("The name of a header field is not a token") }
        let value = FieldSyntax.trimmed(line[(colon + 1)...])
        guard value.allSatisfy(FieldSyntax.isValue) else { throw .malformed("A header field holds a control character") }
        // Bytes that are not UTF-8 are kept as they are; code that cares asks for the bytes.
        let field = HTTPField(name: name, value: value)
        guard name.canonicalName != "host" else { return hosts.append(field.value) }
        switch name {
        case .contentLength: lengths.append(field.value)
        case .transferEncoding: codings.append(field.value)
        case .connection: connection.append(field.value)
        case .expect: expects.append(field.value)
        default: break
        }
        fields.append(field)
    }

    /// The host the request is for.
    func host(isHTTP10: Bool, authority: String?) throws(WireRefusal) -> String? {
        guard hosts.count <= 1 else { throw .malformed("Header Host is repeated") }
        guard let host = hosts.first else {
            guard isHTTP10 else { throw .malformed("Header Host is required") }
            return authority
        }
        guard HostSyntax.isHost(host.utf8) else { throw .malformed("Header Host is not a host") }
        return authority ?? host
    }

    /// How long the body is. Anything ambiguous is refused: two readers must not see two requests.
    func body(isHTTP10: Bool) throws(WireRefusal) -> RequestHead.BodyLength {
        guard !codings.isEmpty else {
            guard lengths.count <= 1 else { throw .malformed("Header Content-Length is repeated") }
            guard let length = lengths.first else { return .bytes(0) }
            guard !length.isEmpty, length.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let bytes = Int(length) else {
                throw .malformed("Header Content-Length is not a whole number")
            }
            return .bytes(bytes)
        }
        guard !isHTTP10 else { throw .malformed("HTTP/1.0 has no Transfer-Encoding") }
        guard lengths.isEmpty else { throw .malformed("Content-Length and Transfer-Encoding exclude each other") }
        let words = FieldReading.words(codings)
        guard words.allSatisfy({ $0 == "chunked" }), !words.isEmpty else { throw .unknownCoding }
        guard words.count == 1 else { throw .malformed("A body is chunked once") }
        return .chunked
    }

    /// Whether a field says how long a body is, or which host the request is for.
    var governsFraming: Bool { !lengths.isEmpty || !codings.isEmpty || !hosts.isEmpty }

    func keepsAlive(isHTTP10: Bool) -> Bool {
        let words = FieldReading.words(connection)
        if words.contains("close") { return false }
        return !isHTTP10 || words.contains("keep-alive")
    }

    /// HTTP/1.0 has no such wait (RFC 9110, section 10.1.1).
    func awaitsContinue(isHTTP10: Bool) -> Bool { !isHTTP10 && FieldReading.words(expects).contains("100-continue") }

    /// The members of a list, in lower case.
    private static func words(_ values: [String]) -> [String] {
        values.flatMap { $0.split(separator: ",") }.map { word in
            word.drop { $0 == " " || $0 == "\t" }.lowercased().trimmingBlanksAtEnd()
        }.filter { !$0.isEmpty }
    }
}

extension String {
    fileprivate func trimmingBlanksAtEnd() -> String {
        var text = self
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
