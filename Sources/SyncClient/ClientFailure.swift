/// Why something could not be read, sent or understood: a sentence for the user.
package struct ClientFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
