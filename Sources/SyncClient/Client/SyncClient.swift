package import AsyncHTTPClient
package import Foundation
import HTTPTypes
package import NIOCore
package import NIOHTTP1
package import Settings
package import SyncAPI
package import SyncModel
import Webhooks

/// Talks to a usersync server.
package struct SyncClient: Sendable {
    package let target: Target
    let http: HTTPClient

    package struct Target: Sendable {
        /// Without a trailing slash.
        package let url: String
        package let address: WebAddress
        package let key: Secret?

        package init(url: String, address: WebAddress, key: Secret?) {
            self.url = url
            self.address = address
            self.key = key
        }
    }

    /// The server's answer.
    package struct Answer: Sendable {
        package let status: Int
        package let headers: HTTPHeaders
        package let body: Data

        package init(status: Int, headers: HTTPHeaders, body: Data) {
            self.status = status
            self.headers = headers
            self.body = body
        }

        /// - Throws: `ClientFailure` if the body is not what was expected.
        package func decoded<Document: JSONDocument>(as _: Document.Type = Document.self) throws(ClientFailure) -> Document {
            try reading(as: Document.self).document
        }

        /// The document, and what of it counts as absent because it cannot be read.
        /// - Throws: as `decoded(as:)`.
        package func reading<Document: JSONDocument>(
            as _: Document.Type
        ) throws(ClientFailure) -> (document: Document, unread: [String]) {
            let read: (document: Document, unread: [String])
            do {
                read = try Document.reading(json: body)
            } catch {
                let what = (error as? DecodingError)?.unreadable.map { "\($0); " } ?? ""
                throw ClientFailure("the server's answer (\(status)) cannot be read: \(what)is it a usersync server?")
            }
            if let document = read.document as? any SuccessDocument, !document.success {
                throw ClientFailure("the server's answer (\(status)) says that it failed; is it a usersync server?")
            }
            return read
        }
    }

    /// The largest answer accepted; results are paged well below it.
    private static let maxAnswerBytes = 64 * 1024 * 1024

    package static func with<Value>(_ target: Target, _ body: (SyncClient) async throws -> Value) async throws -> Value {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(5), read: .seconds(120)))
        // A refused connection is reported at once instead of being retried until the deadline.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        configuration.http1_1ConnectionDebugInitializer = { channel in
            StatusGuard.add(to: channel).flatMap { EarlyAnswer.add(to: channel) }
        }
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

    /// Calls an endpoint that takes no body.
    ///
    /// - Parameters:
    ///   - id: the job or the delivery, for an endpoint that names one.
    ///   - query: parameters; those without a value are left out.
    /// - Throws: `Refusal` for an answer other than 2xx, `Unreachable` if there is none.
    package func call(_ endpoint: Endpoint, id: String = "", query: [(String, String?)] = []) async throws -> Answer {
        try await accepted(request(endpoint, id: id, query: query))
    }

    /// A request with the key.
    package func request(_ endpoint: Endpoint, id: String = "", query: [(String, String?)] = []) -> HTTPClientRequest {
        var components = URLComponents()
        components.queryItems = query.compactMap { name, value in value.map { URLQueryItem(name: name, value: $0) } }
        // URLComponents leaves a plus unencoded, which servers read as a space.
        let encoded = (components.percentEncodedQuery ?? "").replacingOccurrences(of: "+", with: "%2B")
        var request = HTTPClientRequest(url: target.url + endpoint.path(of: id) + (encoded.isEmpty ? "" : "?\(encoded)"))
        request.method = HTTPMethod(rawValue: endpoint.method.rawValue)
        request.headers.add(name: "User-Agent", value: "usersync")
        request.headers.add(name: "Accept", value: "application/json")
        if let key = target.key { request.headers.add(name: "X-Internal-API-Key", value: key.value) }
        return request
    }

    /// Sends it, whatever the answer's status.
    /// - Throws: `Unreachable` if there is no answer.
    package func send(_ request: HTTPClientRequest, timeout: TimeAmount = .seconds(150)) async throws -> Answer {
        do {
            let response = try await http.execute(request, timeout: timeout)
            let body = try await response.body.collect(upTo: SyncClient.maxAnswerBytes)
            return Answer(status: Int(response.status.code), headers: response.headers, body: Data(body.readableBytesView))
        } catch let error as ClientFailure {
            // Thrown by the request's own body: the file being sent cannot be read further.
            throw error
        } catch {
            // The library throws its own error on cancellation.
            if Task.isCancelled { throw CancellationError() }
            throw Unreachable(url: target.url, error: error)
        }
    }

    /// Sends it; an answer other than 2xx is thrown as `Refusal`.
    package func accepted(_ request: HTTPClientRequest, timeout: TimeAmount = .seconds(150)) async throws -> Answer {
        let answer = try await send(request, timeout: timeout)
        guard (200..<300).contains(answer.status) else { throw Refusal(answer: answer, hasKey: target.key != nil) }
        return answer
    }
}
