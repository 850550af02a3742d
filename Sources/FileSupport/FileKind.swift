#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a path or a descriptor leads to.
package enum FileKind: Sendable {
    case file, folder, pipe
    /// One that is read like a file, such as `/dev/null`.
    case device
    case other

    /// Of what is at a path, or where a link at it leads; `nil` if nothing can be found there.
    package init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// `nil` if it is not open.
    package init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        self =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFIFO: .pipe
            case S_IFCHR: .device
            default: .other
            }
    }
}
