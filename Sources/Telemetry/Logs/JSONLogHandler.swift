package import Foundation
package import Logging
package import SyncModel

/// One JSON object per line. Strings are escaped as JSON requires, so no value can start a new line.
package struct JSONLogHandler: LogHandler {
    private let clock: WallClock
    private let write: @Sendable (_ line: Data) -> Void
    package var logLevel: Logger.Level = .info
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    /// - Parameter write: takes a whole line; without it, it goes to standard error in one write, so that lines of several threads
    ///   do not mix.
    package init(
        clock: WallClock,
        write: @escaping @Sendable (_ line: Data) -> Void = { try? FileHandle.standardError.write(contentsOf: $0) }
    ) {
        self.clock = clock
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        var json = JSONWriter()
        json.object { json in
            json.member("time", clock.now())
            json.member("level", event.level.rawValue)
            json.member("message", event.message.description)
            for (key, value) in all.sorted(by: { $0.key < $1.key }) {
                json.member(named: key) { JSONLogHandler.add(value, to: &$0) }
            }
        }
        json.newline()
        write(Data(json.bytes))
    }

    private static func add(_ value: Logger.Metadata.Value, to json: inout JSONWriter) {
        switch value {
        case .string(let text): json.string(text)
        case .stringConvertible(let value):
            if let number = value as? any BinaryInteger {
                json.integer(Int64(clamping: number))
            } else if let number = value as? Double {
                json.number(number)
            } else {
                json.string(value.description)
            }
        case .array(let values): json.array { json in for value in values { add(value, to: &json) } }
        case .dictionary(let members):
            json.object { json in
                for (key, value) in members.sorted(by: { $0.key < $1.key }) { json.member(named: key) { add(value, to: &$0) } }
            }
        }
    }
}
