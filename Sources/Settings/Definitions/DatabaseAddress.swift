/// Which database to use: `DATABASE_URL`, `QUEUE_URL`. The only place that knows how an address is written.
package enum DatabaseAddress: Sendable, Hashable {
    /// A file; relative paths are relative to the working directory.
    case sqlite(path: String)

    /// How an address may be written.
    static let forms = "sqlite:PATH"

    /// Why a text is no address.
    enum Problem: Error {
        /// It is written as none is.
        case malformed
        /// Sentence without the value: a database that is not supported.
        case unsupported(String)
    }

    /// - Parameters:
    ///   - text: what the setting says.
    ///   - expand: makes a path of a path as settings have it (`~/`).
    init(_ text: String, expand: (Substring) -> String) throws(Problem) {
        let scheme = text.prefix { $0 != ":" }.lowercased()
        if scheme == "postgres" || scheme == "postgresql" {
            throw .unsupported(
                "\(scheme):// is not supported: there is no PostgreSQL driver yet. Use \(DatabaseAddress.forms), or leave it unset"
            )
        }
        var path = text.dropFirst(7)
        // sqlite:///absolute/path is the usual spelling of sqlite:/absolute/path.
        if path.hasPrefix("///") { path = path.dropFirst(2) }
        guard scheme == "sqlite", !path.isEmpty, !path.hasPrefix("//"), !path.contains("?"), path != ":memory:" else {
            throw .malformed
        }
        self = .sqlite(path: expand(path))
    }

    /// The path of an SQLite file.
    package var path: String {
        switch self {
        case .sqlite(let path): path
        }
    }
}
