import NIOCore
import NIOEmbedded
import NIOPosix
import Testing

@testable import Webhooks

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Errors of an established connection")
struct KeptConnectionWatchTests {
    @Test(
        "none of them says that the request was not sent, whatever the system calls it",
        arguments: [EHOSTUNREACH, ENETUNREACH, ENETDOWN, ETIMEDOUT, ECONNREFUSED, ECONNRESET, EPIPE])
    func mayBeSent(errno: CInt) throws {
        let connecting = IOError(errnoCode: errno, reason: "connect")
        #expect(WebhookSendError.isBeforeRequest(connecting) == ![ECONNRESET, EPIPE].contains(errno))
        let channel = EmbeddedChannel(handler: KeptConnectionWatch())
        channel.pipeline.fireErrorCaught(IOError(errnoCode: errno, reason: "read"))
        let error = #expect(throws: ConnectionBroken.self) { try channel.throwIfErrorCaught() }
        let broken = try #require(error)
        #expect(!WebhookSendError.isBeforeRequest(broken) && !WebhookSendError.mayRepeat(after: broken))
        let told = WebhookSendError.describe(broken, limits: CourierLimits())
        #expect(!told.hasPrefix("connect timeout") && !told.hasPrefix("failed"), "\(told)")
        _ = try channel.finish()
    }
}
