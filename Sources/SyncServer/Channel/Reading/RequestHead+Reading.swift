import HTTPTypes
import NIOCore

extension RequestHead {
    /// Parses a complete head.
    /// - Parameters:
    ///   - bytes: from its first byte on.
    ///   - lines: the range of each line, the request line first.
    init(_ bytes: UnsafeRawBufferPointer, lines: [Range<Int>]) throws(WireRefusal) {
        guard let first = lines.first else { throw .malformed("The request line is missing") }
        let line = try RequestLine(bytes[first])
        var reading = FieldReading()
        for field in lines.dropFirst() { try reading.add(bytes[field]) }
        let authority = try reading.host(isHTTP10: line.isHTTP10, authority: line.authority)
        body = try reading.body(isHTTP10: line.isHTTP10)
        isHTTP10 = line.isHTTP10
        keepsAlive = reading.keepsAlive(isHTTP10: line.isHTTP10)
        awaitsContinue = reading.awaitsContinue(isHTTP10: line.isHTTP10)
        request = HTTPRequest(
            method: line.method, scheme: "http", authority: authority, path: line.path, headerFields: reading.fields)
    }
}
