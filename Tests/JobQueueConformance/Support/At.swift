import Testing

extension Array {
    /// The element at `index`; where there is none the test fails, and goes no further.
    package func at(_ index: Int) throws -> Element {
        try #require(indices.contains(index) ? self[index] : nil)
    }
}
