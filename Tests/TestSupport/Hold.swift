/// What should hold for any input and does not.
package struct BrokenProperty: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// - Throws: `BrokenProperty` with the sentence that should be true.
package func hold(_ isTrue: Bool, _ sentence: @autoclosure () -> String) throws {
    if !isTrue { throw BrokenProperty(sentence()) }
}
