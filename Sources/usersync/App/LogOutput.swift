import Foundation
import Logging
import Settings
import SyncModel

/// Where log lines go: standard error, as JSON or as text (`LOG_FORMAT`).
enum LogOutput {
    static func logger(_ settings: Settings) -> Logger {
        var level = Logger.Level(rawValue: settings.logLevel.rawValue) ?? .info
        // The integration guide's debug mode: development shows debug lines unless a level says otherwise.
        if settings.environment == .development, level > .debug { level = .debug }
        var logger = Logger(label: "usersync") { label in
            switch settings.logFormat {
            case .json: PrintableLogHandler(JSONLogHandler(label: label))
            case .text: PrintableLogHandler(StreamLogHandler.standardError(label: label))
            }
        }
        logger.logLevel = level
        return logger
    }
}

/// One JSON object per line. Strings are escaped as JSON requires, so no value can start a new line.
struct JSONLogHandler: LogHandler {
    let label: String
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(label: String) { self.label = label }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        var json = JSONWriter()
        json.object { json in
            json.member("time", WallClock.system.now())
            json.member("level", event.level.rawValue)
            json.member("message", event.message.description)
            for (key, value) in all.sorted(by: { $0.key < $1.key }) {
                json.member(named: key) { JSONLogHandler.write(value, to: &$0) }
            }
        }
        json.newline()
        // One write per line keeps the lines of several threads apart.
        try? FileHandle.standardError.write(contentsOf: Data(json.bytes))
    }

    private static func write(_ value: Logger.Metadata.Value, to json: inout JSONWriter) {
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
        case .array(let values): json.array { json in for value in values { write(value, to: &json) } }
        case .dictionary(let members):
            json.object { json in
                for (key, value) in members.sorted(by: { $0.key < $1.key }) { json.member(named: key) { write(value, to: &$0) } }
            }
        }
    }
}
