import Foundation
import NIOSSL
import TestSupport

/// A private authority and a certificate that it signed for a host, made by openssl.
struct TestAuthority {
    private let folder: TemporaryDirectory
    /// The authority's own certificate, in PEM format.
    var file: String { folder.path + "/ca.pem" }

    init(signing host: String) throws {
        folder = try TemporaryDirectory()
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-x509", "-days", "2"]
        try openssl(key + ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=usersync tests"])
        try openssl(
            key + [
                "-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "host.key", "-out", "host.pem", "-subj", "/CN=\(host)",
                "-addext", "subjectAltName=DNS:\(host)", "-addext", "basicConstraints=critical,CA:FALSE",
            ])
    }

    /// For a server that has the certificate.
    func serverContext() throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(folder.path + "/host.pem").map { NIOSSLCertificateSource.certificate($0) }
        let key = try NIOSSLPrivateKey(file: folder.path + "/host.key", format: .pem)
        return try NIOSSLContext(configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
    }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl", "req"] + arguments
        process.currentDirectoryURL = folder.url
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw OpenSSLFailed(status: process.terminationStatus) }
    }

    struct OpenSSLFailed: Error { let status: Int32 }
}
