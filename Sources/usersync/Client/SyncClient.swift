import AsyncHTTPClient
import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOPosix
import Settings
import SyncAPI
import SyncModel
import TerminalUI

/// Talks to a usersync server.
struct SyncClient: Sendable {
    let target: Target
    let http: HTTPClient

    struct Target: Sendable {
        /// Without a trailing slash.
        let url: String
        let address: WebAddress
        let key: Secret?
    }

    /// The server's answer.
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: Data

        /// - Throws: `CommandFailure` if the body is not what was expected.
        func decoded<Document: JSONDocument>(as _: Document.Type = Document.self) throws(CommandFailure) -> Document {
            do {
                return try Document(json: body)
            } catch {
                throw CommandFailure("the server's answer (\(status)) cannot be read: is it a usersync server?")
            }
        }
    }

    /// The largest answer accepted; results are paged well below it.
    private static let maxAnswerBytes = 64 * 1024 * 1024

    static func with<Value>(_ target: Target, _ body: (SyncClient) async throws -> Value) async throws -> Value {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(5), read: .seconds(120)))
        // A refused connection is reported at once instead of being retried until the deadline.
        configuration.connectionPool.retryConnectionEstablishment = false
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let value = try await body(SyncClient(target: target, http: http))
            try await http.shutdown()
            return value
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    /// Calls a route that takes no body.
    ///
    /// - Parameters:
    ///   - id: the job or the delivery, for a route that names one.
    ///   - query: parameters; those without a value are left out.
    /// - Throws: `Refusal` for an answer other than 2xx, `Unreachable` if there is none.
    func call(_ route: Route, id: String = "", query: [(String, String?)] = []) async throws -> Answer {
        try await accepted(request(route, id: id, query: query))
    }

    /// A request with the key.
    func request(_ route: Route, id: String = "", query: [(String, String?)] = []) -> HTTPClientRequest {
        var components = URLComponents()
        components.queryItems = query.compactMap { name, value in value.map { URLQueryItem(name: name, value: $0) } }
        // URLComponents leaves a plus unencoded, which servers read as a space.
        let encoded = (components.percentEncodedQuery ?? "").replacingOccurrences(of: "+", with: "%2B")
        var request = HTTPClientRequest(url: target.url + route.path(of: id) + (encoded.isEmpty ? "" : "?\(encoded)"))
        request.method = HTTPMethod(rawValue: route.method.rawValue)
        request.headers.add(name: "User-Agent", value: "usersync")
        request.headers.add(name: "Accept", value: "application/json")
        if let key = target.key { request.headers.add(name: "X-Internal-API-Key", value: key.value) }
        return request
    }

    /// Sends it, whatever the answer's status.
    /// - Throws: `Unreachable` if there is no answer.
    func send(_ request: HTTPClientRequest, timeout: TimeAmount = .seconds(150)) async throws -> Answer {
        do {
            let response = try await http.execute(request, timeout: timeout)
            let body = try await response.body.collect(upTo: SyncClient.maxAnswerBytes)
            return Answer(status: Int(response.status.code), headers: response.headers, body: Data(body.readableBytesView))
        } catch let error as CommandFailure {
            // Thrown by the request's own body: the file being sent cannot be read further.
            throw error
        } catch {
            // The library throws its own error on cancellation.
            if Task.isCancelled { throw CancellationError() }
            throw Unreachable(url: target.url, error: error)
        }
    }

    /// Sends it; an answer other than 2xx is thrown as `Refusal`.
    func accepted(_ request: HTTPClientRequest, timeout: TimeAmount = .seconds(150)) async throws -> Answer {
        let answer = try await send(request, timeout: timeout)
        guard (200..<300).contains(answer.status) else { throw Refusal(answer: answer, hasKey: target.key != nil) }
        return answer
    }
}

/// There was no answer.
struct Unreachable: Error, CustomStringConvertible {
    let description: String

    init(url: String, error: any Error) {
        let reason =
            switch error as? HTTPClientError {
            case .connectTimeout?: "it does not answer"
            case .remoteConnectionClosed?: "it closed the connection"
            case .readTimeout?, .deadlineExceeded?: "it took too long"
            default: Unreachable.reason(of: error)
            }
        description = "\(url) cannot be reached: \(reason)"
    }

    private static func reason(of error: any Error) -> String {
        if let error = error as? NIOConnectionError {
            if let failure = error.connectionErrors.first { return reason(of: failure.error) }
            return error.dnsAError == nil ? "the connection failed" : "there is no host called \(error.host)"
        }
        guard let error = error as? IOError else { return "\(error)" }
        return error.errnoCode == ECONNREFUSED
            ? "it refuses the connection; is the server running?" : String(cString: strerror(error.errnoCode))
    }
}

/// The server refused the request.
struct Refusal: Error, CustomStringConvertible {
    let status: Int
    let error: ErrorDocument?
    /// Seconds.
    let retryAfter: Int?
    private let hasKey: Bool

    init(answer: SyncClient.Answer, hasKey: Bool) {
        status = answer.status
        error =
            (try? answer.decoded(as: ErrorDocument.self))
            ?? (try? answer.decoded(as: ErrorDocument.Sentence.self)).map(ErrorDocument.init)
        retryAfter = answer.headers.first(name: "Retry-After").flatMap { Int($0) }
        self.hasKey = hasKey
    }

    var description: String {
        var lines = ["the server answered \(status)\(error.map { ": \(Table.oneLine($0.error))" } ?? "")"]
        switch error?.details {
        case .sentence(let text): lines.append("  \(Table.oneLine(text))")
        case .violations(let all):
            lines += all.prefix(10).map { "  \(Table.oneLine($0.message))" }
            let count = error?.errorCount ?? all.count
            if count > 10 { lines.append("  and \(Format.count(count - min(10, all.count))) more") }
        case nil: break
        }
        if status == 401 {
            lines.append(
                hasKey
                    ? "  The key is not one of the server's: look at INTERNAL_API_KEY here and there, or name it with --key-file."
                    : "  No key was sent: set INTERNAL_API_KEY, or name a file that holds it with --key-file.")
        }
        if let retryAfter { lines.append("  Try again in \(Format.duration(Double(retryAfter))).") }
        if let id = error?.requestID, !id.isEmpty { lines.append("  Request \(Table.oneLine(id))") }
        return lines.joined(separator: "\n")
    }
}
