import ArgumentParser
import SyncClient
import SyncModel

/// Rules of the texts that options and arguments hand on to a server: what it would refuse is bad usage, before it is asked.
enum OptionText {
    /// A text of a query.
    /// - Parameters:
    ///   - name: of the option or the argument, for the message.
    ///   - limit: in Unicode scalars.
    static func check(_ name: String, _ text: String?, atMost limit: Int = TextLimits.name) throws(ValidationError) {
        guard let text else { return }
        guard (1...limit).contains(text.unicodeScalars.count) else {
            throw ValidationError("\(name) must have 1 to \(limit) characters")
        }
    }

    /// A text that is sent in a header.
    static func check(header name: String, _ text: String?) throws(ValidationError) {
        guard let text else { return }
        let sent = inHeader(text)
        guard !sent.isEmpty, Upload.canBeHeader(sent) else {
            throw ValidationError("\(name) is sent in a header: it must not be empty or have control characters")
        }
        try check(name, sent)
    }

    /// As a header carries it: spaces around it are no part of it.
    static func inHeader(_ text: String) -> String {
        var text = text[...]
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
