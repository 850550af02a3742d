import FileSupport
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Reads a file of settings as text.
enum SettingsFile {
    /// The largest file that is read. Ours has 3 KiB; thousands of trusted proxies fit.
    private static let maxBytes = 256 * 1024

    /// - Parameters:
    ///   - name: the file's name in messages.
    ///   - required: whether it must exist.
    /// - Returns: the text; `nil` if the file is missing and optional.
    static func text(of path: String, named name: String, required: Bool) throws(SettingsFileError) -> String? {
        // Without waiting: a pipe that nobody writes to would hold up the start.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            if [ENOENT, ENOTDIR].contains(errno), !required { return nil }
            throw unreadable(name, errno)
        }
        defer { close(descriptor) }
        try expectFile(descriptor, name)
        let bytes = try head(of: descriptor, name)
        guard bytes.count <= maxBytes else {
            throw SettingsFileError("\(name) is larger than \(maxBytes / 1024) KiB: it is not a file of settings")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let valid = String(decoding: bytes, as: UTF8.self).prefix { $0 != "\u{FFFD}" }
            let line = valid.count { $0.isNewline } + 1
            throw SettingsFileError("\(name), line \(line): is not UTF-8 text")
        }
        return text
    }

    private static func expectFile(_ descriptor: Int32, _ name: String) throws(SettingsFileError) {
        switch FileKind(descriptor: descriptor) {
        case .file, .device: return
        case .folder: throw SettingsFileError("\(name) is a folder, not a file")
        case .pipe: throw SettingsFileError("\(name) is a pipe, not a file")
        case .other: throw SettingsFileError("\(name) is not a file")
        case nil: throw unreadable(name, errno)
        }
    }

    /// The bytes of a file, up to one more than it may have: a device may have no end.
    private static func head(of descriptor: Int32, _ name: String) throws(SettingsFileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: maxBytes + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress.map { $0 + count }, $0.count - count) }
            if got == 0 { break }
            if got > 0 {
                count += got
            } else if errno != EINTR {
                throw unreadable(name, errno)
            }
        }
        return Array(bytes.prefix(count))
    }

    /// A folder may not be mounted yet, a disk may recover; permissions have to be changed by somebody.
    private static func unreadable(_ name: String, _ code: Int32) -> SettingsFileError {
        SettingsFileError(
            "\(name) cannot be read: \(String(cString: strerror(code)))", mayPass: ![EACCES, EPERM, ELOOP, ENXIO].contains(code))
    }
}
