/// The version of this program, as `--version` and `User-Agent` show it.
enum Version {
    static let current = "0.1.0"
}
