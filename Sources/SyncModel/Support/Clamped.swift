extension Comparable {
    /// The value, or whichever end of the range it is beyond.
    @inlinable package func clamped(to range: ClosedRange<Self>) -> Self { min(max(self, range.lowerBound), range.upperBound) }
}
