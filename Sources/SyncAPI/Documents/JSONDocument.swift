package import SyncModel

/// A JSON object that callers see.
package protocol JSONDocument: Sendable {
    /// Writes the members of the object, without its braces, so that documents that show more can build on this.
    func writeMembers(to json: inout JSONWriter)
}

extension JSONDocument {
    /// Writes the whole object.
    package func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    /// The whole object as UTF-8.
    package var json: [UInt8] {
        var json = JSONWriter()
        write(to: &json)
        return json.bytes
    }
}
