/// The readers of texts that the pure model does not hold: their files are built into the fuzzer's one module.
enum TextReaders {
    /// - Parameter bytes: which reader (its low three bits), then the text.
    static func check(_ bytes: [UInt8]) throws {
        let rest = bytes.dropFirst()
        let text = String(decoding: rest, as: UTF8.self)
        switch (bytes.first ?? 0) & 7 {
        case 0, 1: try WebhookAddressProperties.check(text)
        case 2: try RetryAfterProperties.check(text)
        case 3: try QueryProperties.check(text)
        case 4: try DotEnvProperties.check(text)
        case 7: try HeaderProperties.check(text)
        case 5: try CSVProperties.check(Array(rest), cut: Int(rest.first ?? 0))
        default: try SettingsProperties.check(text)
        }
    }
}

/// Stands for the server's error, which needs the modules of HTTP: here only that there is one matters.
package struct APIError: Error {
    package static func badRequest(_ details: String) -> APIError { APIError() }
}
