/// Running a statement with values, to the end.
extension SQLStatement {
    /// For statements without rows.
    package func run(_ values: SQLValue...) throws { try rows(values) { _ in } }

    package func run(_ values: [SQLValue]) throws { try rows(values) { _ in } }

    /// The first row's value; `nil` if there is no row.
    package func first<T>(_ values: SQLValue..., map: (SQLRow) throws -> T) throws -> T? {
        defer { clear() }
        try bind(values)
        return try step() ? try map(SQLRow(self)) : nil
    }

    package func all<T>(_ values: SQLValue..., map: (SQLRow) throws -> T) throws -> [T] { try all(values, map: map) }

    package func all<T>(_ values: [SQLValue], map: (SQLRow) throws -> T) throws -> [T] {
        var items: [T] = []
        try rows(values) { items.append(try map($0)) }
        return items
    }

    package func forEach(_ values: SQLValue..., body: (SQLRow) throws -> Void) throws { try rows(values, body) }

    private func rows(_ values: [SQLValue], _ body: (SQLRow) throws -> Void) throws {
        defer { clear() }
        try bind(values)
        while try step() { try body(SQLRow(self)) }
    }
}
