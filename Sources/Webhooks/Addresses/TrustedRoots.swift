import NIOSSL

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Certificates of authorities that receivers' certificates may be signed by, beside the system's.
package struct TrustedRoots: Sendable {
    let certificates: [NIOSSLCertificate]

    /// - Parameter path: a file of one or more certificates in PEM format.
    package init(file path: String) throws(TrustedRootsError) {
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw TrustedRootsError("the file of certificates \(path) cannot be read")
        }
        guard !bytes.isEmpty else { throw TrustedRootsError("the file of certificates \(path) is empty") }
        do {
            certificates = try NIOSSLCertificate.fromPEMBytes(Array(bytes))
        } catch {
            throw TrustedRootsError("the file of certificates \(path) has none in PEM format, or one that cannot be read")
        }
    }

    /// The client's side of TLS: these and the system's authorities, certificate and host name verified.
    var tlsConfiguration: TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.additionalTrustRoots = [.certificates(certificates)]
        return configuration
    }
}

/// Why a file of certificates cannot be used; it names the file.
package struct TrustedRootsError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
