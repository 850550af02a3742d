extension String {
    /// Padded with spaces on the right.
    package func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
