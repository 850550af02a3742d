import CLibPQ

extension PostgresError {
    /// What a code of the server's means for a connection and its transaction.
    static func kind(of sqlState: String) -> Kind {
        switch sqlState {
        case "40001", "40P01", "55P03": .retryable
        case "25006": .outage
        // The server's own deadline, `statement_timeout`, or a cancel that came from elsewhere.
        case "57014": .deadline
        default:
            switch sqlState.prefix(2) {
            case "08", "53": .outage
            case "57" where sqlState.hasPrefix("57P"): .outage
            case "22", "23": .refused
            default: .other
            }
        }
    }

    /// The error that a result holds.
    init(_ result: OpaquePointer, statement: Int?, secrets: Secrets) {
        func field(_ code: UnicodeScalar) -> String? { Self.field(code, of: result) }
        let sqlState = field("C") ?? ""
        let words = field("M") ?? PQresultErrorMessage(result).map { String(cString: $0) } ?? ""
        // Without a code it is libpq's own: the connection is lost.
        self.init(sqlState.isEmpty ? .outage : Self.kind(of: sqlState), secrets.removed(from: words))
        self.sqlState = sqlState
        // The one that is not translated.
        severity = field("V") ?? ""
        schema = field("s")
        table = field("t")
        column = field("c")
        constraint = field("n")
        self.statement = statement
    }

    /// A field of an error or a notice, by the letter that the protocol has for it (`postgres_ext.h`).
    private static func field(_ code: UnicodeScalar, of result: OpaquePointer) -> String? {
        PQresultErrorField(result, Int32(bitPattern: code.value)).map { String(cString: $0) }
    }

    /// The function of the server that reported an error or a notice.
    static func reporter(of result: OpaquePointer) -> String { field("R", of: result) ?? "" }

    static func sqlState(of result: OpaquePointer) -> String { field("C", of: result) ?? "" }

    /// The server no longer has the connection's prepared statement, or has another one by that name: a pooler in between hands the
    /// connection's statements to whichever server is free.
    var isOfPrepared: Bool { ["26000", "42P05"].contains(sqlState) }

    /// The same error as one of another kind.
    func becoming(_ kind: Kind) -> PostgresError {
        var error = PostgresError(kind, message)
        (error.sqlState, error.severity, error.statement) = (sqlState, severity, statement)
        error.isOfPreparation = isOfPreparation
        (error.schema, error.table, error.column, error.constraint) = (schema, table, column, constraint)
        return error
    }
}
