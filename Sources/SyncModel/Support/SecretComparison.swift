extension Collection<UInt8> {
    /// Whether both have the same bytes. The time depends on their numbers alone, so that it tells nothing of a secret among them.
    package func isSecretlyEqual(to other: some Collection<UInt8>) -> Bool {
        guard count == other.count else { return false }
        return zip(self, other).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
