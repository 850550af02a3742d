import HTTPTypes
package import Hummingbird
import NIOCore
import SyncAPI

/// Serves the OpenAPI document without a key.
package struct OpenAPIController: Sendable {
    private let document: ByteBuffer

    /// - Parameter publicURL: `PUBLIC_URL`, named as the server in the document.
    package init(publicURL: String? = nil) {
        document = ByteBuffer(bytes: OpenAPIDocument.json(publicURL: publicURL))
    }

    package func addRoutes(to router: some RouterMethods<SyncRequestContext>) {
        router.on(.openAPI, use: show)
    }

    @Sendable private func show(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "public, max-age=300"],
            body: ResponseBody(byteBuffer: document))
    }
}
