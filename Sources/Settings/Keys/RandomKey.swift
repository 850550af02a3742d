import Foundation

/// API keys.
package enum RandomKey {
    /// 32 random bytes, as base64 that needs no quoting in a shell, a URL or a `.env` file.
    package static func make() -> String {
        bytes(32).base64EncodedString()
            .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_").replacingOccurrences(
                of: "=", with: "")
    }

    /// A webhook secret of 32 random bytes.
    package static func webhookSecret() -> String { "whsec_" + bytes(32).base64EncodedString() }

    private static func bytes(_ count: Int) -> Data {
        // SystemRandomNumberGenerator uses the kernel's, and is cryptographically secure on every supported platform.
        Data((0..<count).map { _ in UInt8.random(in: .min ... .max) })
    }
}
