package import SyncModel

/// The query of a request, parsed strictly: a bad value of a parameter that an endpoint reads is a 400 that names the parameter
/// and says what is allowed. An endpoint that only shows something ignores unknown parameters; one that acts refuses them
/// (`expectOnly`): a misspelt filter would let it act upon more than was meant.
package struct QueryParameters: Sendable {
    private var values: [String: [String?]] = [:]
    /// Whether a name is no percent-encoded UTF-8.
    private var hasUnreadableName = false

    /// Splits as WHATWG's `application/x-www-form-urlencoded` does: `&` between pairs, `+` for a space, percent-encoded UTF-8.
    /// - Parameter query: the part after the `?`, if any.
    package init(_ query: String?) {
        for pair in (query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = QueryParameters.decode(parts[0]) else {
                hasUnreadableName = true
                continue
            }
            values[name, default: []].append(parts.count == 2 ? QueryParameters.decode(parts[1]) : "")
        }
    }

    /// - Throws: a 400 that names a parameter which is not among `names`.
    package func expectOnly(_ names: String...) throws(APIError) {
        let allowed = names.joined(separator: ", ")
        guard !hasUnreadableName else {
            throw .badRequest("The names of query parameters must be percent-encoded UTF-8; allowed here: \(allowed)")
        }
        guard let unknown = values.keys.filter({ !names.contains($0) }).min() else { return }
        throw .badRequest("Query parameter \"\(unknown.prefix(64))\" is unknown; allowed here: \(allowed)")
    }

    /// Text of 1 to `maxLength` Unicode scalars; `nil` if the parameter is absent.
    package func text(_ name: String, maxLength: Int = TextLimits.name) throws(APIError) -> String? {
        guard let all = values[name] else { return nil }
        guard all.count == 1 else { throw .badRequest("Query parameter \"\(name)\" must not be repeated") }
        guard let value = all[0], !value.utf8.contains(0) else {
            throw .badRequest("Query parameter \"\(name)\" must be percent-encoded UTF-8 without NUL")
        }
        guard (1...maxLength).contains(value.unicodeScalars.count) else {
            throw .badRequest("Query parameter \"\(name)\" must have 1 to \(maxLength) characters")
        }
        return value
    }

    /// The name of a tenant, which is required.
    package func tenantID(_ name: String) throws(APIError) -> TenantID {
        guard let text = try text(name) else { throw .badRequest("Query parameter \"\(name)\" is required") }
        return TenantID(text)
    }

    /// One of the words of `Word`.
    package func word<Word: RawRepresentable & CaseIterable>(
        _ name: String, as type: Word.Type
    ) throws(APIError) -> Word? where Word.RawValue == String {
        guard let text = try text(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw .badRequest("Query parameter \"\(name)\" must be one of \(words)")
        }
        return word
    }

    /// A whole number in decimal digits.
    package func integer(_ name: String, in range: ClosedRange<Int>, default fallback: Int) throws(APIError) -> Int {
        guard let text = try text(name) else { return fallback }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text), range.contains(value) else {
            throw .badRequest(
                "Query parameter \"\(name)\" must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// An ISO 8601 date, or date and time.
    package func time(_ name: String) throws(APIError) -> Timestamp? {
        guard let text = try text(name) else { return nil }
        if let time = Timestamp(iso8601: text) { return time }
        // If the `+` of an offset was sent unencoded, it has become a space.
        if let space = text.lastIndex(of: " "),
            let time = Timestamp(iso8601: text.replacingCharacter(at: space, with: "+"))
        {
            return time
        }
        throw .badRequest(
            "Query parameter \"\(name)\" must be an ISO 8601 date, or date and time, such as 2025-08-19T10:00:00Z")
    }

    /// A job's id.
    package func jobID(_ name: String) throws(APIError) -> JobID? {
        guard let text = try text(name) else { return nil }
        guard let id = JobID(text) else {
            throw .badRequest("Query parameter \"\(name)\" must be the id of a job, a UUID")
        }
        return id
    }

    /// The `nextCursor` of an earlier answer; only the queue knows what it contains.
    package func cursor() throws(APIError) -> String? { try text("cursor", maxLength: TextLimits.cursor) }

    package func contains(_ name: String) -> Bool { values[name] != nil }

    /// `nil` if the text is not percent-encoded UTF-8.
    private static func decode(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case 0x2B: bytes.append(0x20)
            case 0x25:
                guard let high = rest.next().flatMap(hexDigit), let low = rest.next().flatMap(hexDigit) else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}

extension String {
    fileprivate func replacingCharacter(at index: Index, with character: Character) -> String {
        var copy = self
        copy.replaceSubrange(index...index, with: [character])
        return copy
    }
}
