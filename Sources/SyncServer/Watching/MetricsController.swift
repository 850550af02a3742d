import HTTPTypes
package import Hummingbird
import NIOCore
import SyncAPI
import Telemetry

/// Metrics as Prometheus text (exposition format 0.0.4).
package struct MetricsController: Sendable {
    private let render: @Sendable () async -> [UInt8]

    /// - Parameter render: renders all metrics at this moment.
    package init(render: @escaping @Sendable () async -> [UInt8]) { self.render = render }

    package func addRoutes(to router: some RouterMethods<SyncRequestContext>) {
        router.on(.metrics, use: metrics)
    }

    @Sendable private func metrics(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        Response(
            status: .ok,
            headers: [.contentType: PrometheusRegistry.contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: await render())))
    }
}
