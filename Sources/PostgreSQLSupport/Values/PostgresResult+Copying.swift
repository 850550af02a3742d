import CLibPQ

extension PostgresResult {
    /// Copies a result of libpq's, which may be cleared then.
    /// - Throws: for more than 4 GiB.
    init(copying result: OpaquePointer) throws(PostgresError) {
        let rows = max(0, PQntuples(result))
        let width = max(0, PQnfields(result))
        var bytes: [UInt8] = []
        var cells: [Cell] = []
        cells.reserveCapacity(Int(rows) * Int(width))
        bytes.reserveCapacity(Int(rows) * Int(width) * 8)
        for row in 0..<rows {
            for column in 0..<width {
                guard PQgetisnull(result, row, column) == 0, let value = PQgetvalue(result, row, column) else {
                    cells.append(Cell(start: 0, length: -1))
                    continue
                }
                let length = max(0, PQgetlength(result, row, column))
                guard let start = UInt32(exactly: bytes.count) else { throw PostgresError(.other, "more than 4 GiB of rows") }
                cells.append(Cell(start: start, length: length))
                bytes.append(contentsOf: UnsafeRawBufferPointer(start: value, count: Int(length)))
            }
        }
        self.init(
            command: Self.command(result), affected: PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0,
            columns: (0..<width).map { PostgresType(oid: UInt32(PQftype(result, $0))) }, cells: cells, bytes: bytes)
    }

    /// `INSERT` of `INSERT 0 5`.
    private static func command(_ result: OpaquePointer) -> String {
        guard let status = PQcmdStatus(result) else { return "" }
        return String(cString: status).split(separator: " ").prefix { $0.first?.isNumber == false }.joined(separator: " ")
    }
}
