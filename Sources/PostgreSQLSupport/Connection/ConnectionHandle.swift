import CLibPQ
import Synchronization

/// libpq's connection, closed with the last reference to it. Used by one thread at a time.
final class ConnectionHandle {
    private(set) var pointer: OpaquePointer?
    private let notices = Notices()

    /// Of no connection.
    init() {}

    /// Begins to connect; nothing has been sent yet.
    /// - Parameter parameters: libpq's, by their names.
    init(starting parameters: [String: String]) throws(PostgresError) {
        let names = Array(parameters.keys)
        pointer = Self.withCStrings(names) { names in
            Self.withCStrings(parameters.map(\.value)) { values in PQconnectStartParams(names, values, 0) }
        }
        guard let pointer else { throw PostgresError(.outage, "no memory for a connection") }
        // Its errors hold the server's code then; there is no other way to learn it.
        PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE)
        PQsetNoticeReceiver(
            pointer,
            { context, notice in
                guard let context, let notice else { return }
                Unmanaged<Notices>.fromOpaque(context).takeUnretainedValue().take(notice)
            }, Unmanaged.passUnretained(notices).toOpaque())
    }

    deinit { close() }

    func close() {
        PQfinish(pointer)
        pointer = nil
    }

    var isGood: Bool { pointer != nil && PQstatus(pointer) == CONNECTION_OK }
    var socket: Int32 { PQsocket(pointer) }
    var transactionStatus: PGTransactionStatusType { PQtransactionStatus(pointer) }

    /// In libpq's words.
    var message: String { PQerrorMessage(pointer).map { String(cString: $0) } ?? "" }

    /// Whether a commit since the last question was made without the standby that it should have waited for.
    func takeUnreplicated() -> Bool { notices.takeUnreplicated() }

    /// The server has said that it closes the connection.
    var isEnding: Bool { notices.isEnding }

    /// An array of C strings that ends with a null pointer.
    private static func withCStrings<R>(_ texts: [String], _ body: ([UnsafePointer<CChar>?]) -> R) -> R {
        let ends = texts.reduce(into: [0]) { ends, text in ends.append((ends.last ?? 0) + text.utf8.count + 1) }
        var bytes: [CChar] = []
        for text in texts {
            bytes.append(contentsOf: text.utf8.map(CChar.init(bitPattern:)))
            bytes.append(0)
        }
        return bytes.withUnsafeBufferPointer { bytes in
            body(ends.dropLast().map { start in bytes.baseAddress.map { $0 + start } } + [nil])
        }
    }
}

/// What the server says beside its answers. Nothing is printed, as libpq would.
private final class Notices: Sendable {
    private let isUnreplicated = Atomic(false)
    private let ending = Atomic(false)

    func take(_ notice: OpaquePointer) {
        // A commit that is cancelled, or whose server is stopped, while it waits for its standby is answered as made, with a warning.
        if PostgresError.reporter(of: notice) == "SyncRepWaitForLSN" { isUnreplicated.store(true, ordering: .relaxed) }
        // To a connection that is idle an error is a notice.
        if PostgresError.sqlState(of: notice).hasPrefix("57P") { ending.store(true, ordering: .relaxed) }
    }

    func takeUnreplicated() -> Bool { isUnreplicated.exchange(false, ordering: .relaxed) }

    var isEnding: Bool { ending.load(ordering: .relaxed) }
}
