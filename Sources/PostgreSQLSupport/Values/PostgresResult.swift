/// What a statement answered: its rows, copied out of libpq at once, and how many rows it touched.
package struct PostgresResult: Sendable {
    /// Rows inserted, updated, deleted or returned; 0 for other statements.
    package let affected: Int
    /// What the server says it did: `INSERT`, `COMMIT`, `ROLLBACK`, …
    package let command: String
    package let columns: [PostgresType]
    package let count: Int

    private let cells: [Cell]
    private let bytes: [UInt8]

    struct Cell: Sendable {
        var start: UInt32
        /// Negative: NULL.
        var length: Int32
    }

    /// - Parameter cells: of all rows, one row after the other.
    init(command: String, affected: Int, columns: [PostgresType], cells: [Cell], bytes: [UInt8]) {
        self.command = command
        self.affected = affected
        self.columns = columns
        self.cells = cells
        self.bytes = bytes
        count = columns.isEmpty ? 0 : cells.count / columns.count
    }

    package var isEmpty: Bool { count == 0 }

    package var first: PostgresRow? { isEmpty ? nil : PostgresRow(self, 0) }

    /// The rows in the order in which they came.
    package var rows: some RandomAccessCollection<PostgresRow> {
        (0..<count).lazy.map { PostgresRow(self, $0) }
    }

    package func map<T>(_ transform: (PostgresRow) throws -> T) rethrows -> [T] { try rows.map(transform) }

    /// - Returns: `nil` for NULL, or where there is no such cell.
    func cell(_ row: Int, _ column: Int) -> ArraySlice<UInt8>? {
        guard columns.indices.contains(column), (0..<count).contains(row) else { return nil }
        let cell = cells[row * columns.count + column]
        guard cell.length >= 0 else { return nil }
        return bytes[Int(cell.start)..<Int(cell.start) + Int(cell.length)]
    }
}
