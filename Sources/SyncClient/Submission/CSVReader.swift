/// Parses CSV (RFC 4180) as bytes arrive: quotes, doubled quotes, line ends within quotes, CRLF, LF or CR, a byte order mark.
/// The separator is a comma, semicolon or tab, whichever the first row has most of.
struct CSVReader {
    /// One row: the line it begins on, from 1, and its cells.
    typealias Row = (line: Int, cells: [[UInt8]])

    /// The largest row, in bytes; otherwise a quote that is never closed would buffer the rest of the file.
    static let maxRowBytes = 1024 * 1024

    private enum State { case cellStart, plain, quoted, quoteInQuoted }

    private var state = State.cellStart
    private var separator: UInt8?
    /// The first row's bytes, until its end shows the separator.
    private var head: [UInt8] = []
    private var isHeadQuoted = false
    /// The byte before ended a line as CR: an LF after it is part of the same end.
    private var isAfterCR = false
    private var line = 1
    private var rowLine = 1
    private var rowBytes = 0
    private var cell: [UInt8] = []
    private var cells: [[UInt8]] = []

    mutating func feed(_ bytes: some Sequence<UInt8>, row: (Row) throws -> Void) throws {
        for c in bytes {
            if separator == nil { try readHead(c, row: row) } else { try read(c, row: row) }
        }
    }

    /// The file has ended; the last row may lack its line end.
    mutating func finish(row: (Row) throws -> Void) throws {
        if separator == nil { try endHead(row: row) }
        if state == .quoted { throw ClientFailure("line \(rowLine): a quote is not closed") }
        if state != .cellStart || !cells.isEmpty { try endRow(row) }
    }

    private mutating func readHead(_ c: UInt8, row: (Row) throws -> Void) throws {
        if c == 0x22 { isHeadQuoted.toggle() }
        head.append(c)
        if head.count > CSVReader.maxRowBytes { throw ClientFailure("line 1: the header row has no end") }
        if c == 0x0A || c == 0x0D, !isHeadQuoted { try endHead(row: row) }
    }

    private mutating func endHead(row: (Row) throws -> Void) throws {
        if head.starts(with: [0xEF, 0xBB, 0xBF]) { head.removeFirst(3) }
        let candidates: [UInt8] = [0x2C, 0x3B, 0x09]
        let counts = candidates.map { candidate in head.count { $0 == candidate } }
        let most = counts.max() ?? 0
        separator = candidates[counts.firstIndex(of: most) ?? 0]
        for c in head { try read(c, row: row) }
        head = []
    }

    private mutating func read(_ c: UInt8, row: (Row) throws -> Void) throws {
        let isAfterCR = isAfterCR
        self.isAfterCR = false
        if isAfterCR, c == 0x0A { return }
        rowBytes += 1
        if rowBytes > CSVReader.maxRowBytes {
            throw ClientFailure("line \(rowLine): the row has no end (is a quote not closed?)")
        }
        switch state {
        case .quoted:
            if c == 0x22 { state = .quoteInQuoted; return }
            if c == 0x0A { line += 1 }
            cell.append(c)
        case .quoteInQuoted where c == 0x22:
            cell.append(c)
            state = .quoted
        case .cellStart where c == 0x22:
            state = .quoted
        default:
            if c == separator {
                endCell()
            } else if c == 0x0A || c == 0x0D {
                self.isAfterCR = c == 0x0D
                line += 1
                try endRow(row)
            } else if state == .quoteInQuoted {
                throw ClientFailure("line \(line): text after a closing quote")
            } else {
                cell.append(c)
                state = .plain
            }
        }
    }

    private mutating func endCell() {
        cells.append(cell)
        cell.removeAll(keepingCapacity: true)
        state = .cellStart
    }

    private mutating func endRow(_ row: (Row) throws -> Void) throws {
        endCell()
        // A blank line is not a row.
        if cells.count > 1 || !cells[0].isEmpty { try row((rowLine, cells)) }
        cells.removeAll(keepingCapacity: true)
        rowLine = line
        rowBytes = 0
    }
}
