import FileSupport
import Foundation
import NIOSSL

/// Certificates of authorities that receivers' certificates may be signed by, beside the system's.
package struct TrustedRoots: Sendable {
    let certificates: [NIOSSLCertificate]

    /// The largest file that is read. The authorities of a whole system have 250 KiB.
    private static let maxBytes = 4 << 20

    /// - Parameter path: a file of one or more certificates in PEM format.
    package init(file path: String) throws(TrustedRootsError) {
        let kind = FileKind(path: path)
        guard kind == .file, let file = FileHandle(forReadingAtPath: path) else {
            throw TrustedRootsError(kind == nil || kind == .file ? "the file cannot be read" : "it is not a file")
        }
        defer { try? file.close() }
        guard let bytes = try? file.read(upToCount: Self.maxBytes + 1) ?? Data() else {
            throw TrustedRootsError("the file cannot be read")
        }
        guard bytes.count <= Self.maxBytes else {
            throw TrustedRootsError("the file is larger than \(Self.maxBytes >> 20) MiB")
        }
        guard !bytes.isEmpty else { throw TrustedRootsError("the file is empty") }
        do {
            certificates = try NIOSSLCertificate.fromPEMBytes(Array(bytes))
        } catch {
            throw TrustedRootsError("the file has no certificate in PEM format, or one that cannot be read")
        }
    }

    /// The client's side of TLS: these and the system's authorities, certificate and host name verified.
    var tlsConfiguration: TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.additionalTrustRoots = [.certificates(certificates)]
        return configuration
    }
}

/// Why a file of certificates cannot be used. The path is not repeated: it may be a secret in the wrong place.
package struct TrustedRootsError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
