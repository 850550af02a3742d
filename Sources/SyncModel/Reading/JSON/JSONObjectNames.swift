/// The names of an object's members, read as strictly as a request. Decoders of JSON keep one of two members with one name and skip a
/// byte order mark, so they cannot say what else a text may mean to others.
package enum JSONObjectNames {
    /// - Returns: the names in their order, however they are escaped; `nil` if the bytes are anything but one JSON object (RFC 8259).
    package static func of(_ json: some Sequence<UInt8>) -> [String]? {
        Array(json).withUnsafeBytes { bytes in
            guard var cursor = JSONCursor(bytes) else { return nil }
            do throws(JSONStop) { return try read(&cursor) } catch { return nil }
        }
    }

    private static func read(_ cursor: inout JSONCursor) throws(JSONStop) -> [String]? {
        guard try cursor.peekToken() == UInt8(ascii: "{") else { return nil }
        cursor.at += 1
        var names: [String] = []
        var byte = try cursor.peekToken()
        while byte != UInt8(ascii: "}") {
            guard byte == UInt8(ascii: "\"") else { return nil }
            cursor.at += 1
            let start = cursor.at
            _ = try cursor.stringRest()
            names.append(String(decoding: JSONText.unescaped(cursor.bytes(start, cursor.at - 1)), as: UTF8.self))
            guard try cursor.peekToken() == UInt8(ascii: ":") else { return nil }
            cursor.at += 1
            _ = try cursor.value(try cursor.peekToken(), depth: 1)
            byte = try cursor.peekToken()
            if byte == UInt8(ascii: "}") { break }
            guard byte == UInt8(ascii: ",") else { return nil }
            cursor.at += 1
            byte = try cursor.peekToken()
            guard byte == UInt8(ascii: "\"") else { return nil }
        }
        cursor.at += 1
        return isAtEnd(&cursor) ? names : nil
    }

    /// Whether only white space follows.
    private static func isAtEnd(_ cursor: inout JSONCursor) -> Bool {
        do throws(JSONStop) { _ = try cursor.peekToken() } catch { return true }
        return false
    }
}
