extension StringProtocol {
    /// Without the spaces and tabs at both ends.
    func trimmingSpaces() -> String {
        var part = self[...]
        while let first = part.first, first == " " || first == "\t" { part = part.dropFirst() }
        while let last = part.last, last == " " || last == "\t" { part = part.dropLast() }
        return String(part)
    }
}
