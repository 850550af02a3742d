import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import SyncAPI

/// A file on its way to the server.
package struct Upload: Sendable {
    let body: UploadBody
    let tenantID: String
    /// As it is sent.
    package var format: UserFileFormat { body.format }
    /// What is to be said of the file before it is sent.
    package let remarks: [String]
    package var source = "usersync-cli"
    package var idempotencyKey: String?

    /// Counts what has been sent of the file.
    package var meter: UploadMeter { body.meter }
    /// The file's bytes; `nil` if that is not known.
    package var fileSize: Int? { body.file.size }

    /// The most bytes read of a stream that cannot be rewound, to find its `tenant.id`.
    private static let maxHeadBytes = 4 * 1024 * 1024

    /// Examines the file: its format, and the tenant of a whole request.
    ///
    /// - Parameters:
    ///   - tenant: the tenant's id; required if the file contains only users.
    ///   - tenantName: the id by default.
    /// - Throws: `TenantMissing` if the file needs one, `ClientFailure` if the tenant cannot be determined otherwise.
    package static func prepare(
        file: InputFile, path: String, format: UserFileFormat?, tenant: String?, tenantName: String?, compress: Bool
    ) async throws -> Upload {
        var head: [ByteBuffer] = []
        var remarks: [String] = []
        let told = try await tellFormat(of: file, path: path, head: &head)
        if format == nil, let named = UserFileFormat(path: path), named != told {
            remarks.append("\(path) is read as \(told.rawValue), which is what is in it")
        }
        let format = format ?? told
        var frame: SyncRequestFrame?
        let tenantID: String
        switch format {
        case .ndjson, .csv:
            guard let tenant else {
                throw TenantMissing(format: format)
            }
            tenantID = tenant
            frame = SyncRequestFrame(tenantID: tenant, tenantName: tenantName ?? tenant, syncedBy: "usersync submit")
        case .json:
            if let tenant {
                tenantID = tenant
            } else {
                tenantID = try await findTenant(in: file, head: &head)
            }
        }
        guard !tenantID.isEmpty, canBeHeader(tenantID) else {
            throw ClientFailure("the tenant's id cannot be sent in a header: it is empty or has control characters")
        }
        let body = UploadBody(
            file: file, head: head, format: format, frame: frame, isCompressed: compress, meter: UploadMeter())
        return Upload(body: body, tenantID: tenantID, remarks: remarks)
    }

    /// A file of users has no tenant, and none was named.
    package struct TenantMissing: Error, CustomStringConvertible {
        let format: UserFileFormat

        package init(format: UserFileFormat) { self.format = format }

        package var description: String {
            "\(format.rawValue.uppercased()) contains only users: name their tenant with --tenant"
        }
    }

    /// Reads as much as tells the format.
    /// - Throws: `ClientFailure` for a file that is empty or not UTF-8.
    private static func tellFormat(
        of file: InputFile, path: String, head: inout [ByteBuffer]
    ) async throws -> UserFileFormat {
        var bytes: [UInt8] = []
        // It is looked at again each time there is twice as much: a pipe may bring single bytes.
        var next = 0
        while true {
            let chunk = try await file.next()
            if let chunk {
                head.append(chunk)
                bytes += chunk.readableBytesView
                if bytes.count < next { continue }
                next = min(2 * bytes.count, UserFileFormat.tellingBytes)
            }
            if bytes.isEmpty { throw ClientFailure("\(file.name) is empty: nothing was sent") }
            if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) || bytes.prefix(4).contains(0) {
                throw ClientFailure("\(file.name) is UTF-16 or UTF-32, or no text at all: save it as UTF-8")
            }
            if bytes.starts(with: Array("PK\u{3}\u{4}".utf8)) {
                throw ClientFailure("\(file.name) is a ZIP archive (a workbook, perhaps): save it as CSV")
            }
            if let format = UserFileFormat.tell(head: bytes, isWhole: chunk == nil, path: path) { return format }
        }
    }

    /// Whether a header can carry the text: it has no control characters.
    package static func canBeHeader(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
    }

    /// Reads on until it finds `tenant.id`. A file is then rewound; of a stream, what was read is kept.
    private static func findTenant(in file: InputFile, head: inout [ByteBuffer]) async throws -> String {
        var scanner = TenantScanner()
        for chunk in head { scanner.feed(chunk.readableBytesView) }
        while scanner.finding == .searching, let chunk = try await file.next() {
            scanner.feed(chunk.readableBytesView)
            if !file.canRewind {
                head.append(chunk)
                if head.reduce(0, { $0 + $1.readableBytes }) > maxHeadBytes {
                    throw ClientFailure("tenant.id is not near the beginning of \(file.name): name it with --tenant")
                }
            }
        }
        if file.canRewind {
            try file.rewind()
            head = []
        }
        guard case .found(let id) = scanner.finding else {
            throw ClientFailure(
                "\(file.name) has no tenant.id: is it the guide's request? Files of users (NDJSON, CSV) need --format and --tenant"
            )
        }
        return id
    }

    /// Sends it.
    /// - Returns: the server's answer, always 2xx.
    package func send(with client: SyncClient) async throws -> SyncClient.Answer {
        var request = client.request(.submitUsers)
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "X-Tenant-ID", value: tenantID)
        request.headers.add(name: "X-Sync-Source", value: source)
        if let idempotencyKey { request.headers.add(name: "Idempotency-Key", value: idempotencyKey) }
        if body.isCompressed { request.headers.add(name: "Content-Encoding", value: "gzip") }
        let isAsItStands = body.frame == nil && !body.isCompressed
        let length = isAsItStands ? body.file.size.map { HTTPClientRequest.Body.Length.known(Int64($0)) } : nil
        request.body = .stream(body, length: length ?? .unknown)
        // Long enough for a slow line; if the server hangs, the read timeout ends it.
        return try await client.accepted(request, timeout: .hours(24))
    }
}
