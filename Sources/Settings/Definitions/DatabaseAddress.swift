/// Which database to use: `DATABASE_URL`, `QUEUE_URL`.
package enum DatabaseAddress: Sendable, Hashable {
    /// A file; relative paths are relative to the working directory.
    case sqlite(path: String)

    /// The path of an SQLite file.
    package var path: String {
        switch self {
        case .sqlite(let path): path
        }
    }
}
