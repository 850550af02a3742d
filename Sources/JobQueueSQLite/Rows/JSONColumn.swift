import Foundation
import SQLiteSupport

/// Small lists that are always read and written whole are one JSON column; `NULL` if empty.
enum JSONColumn {
    static func value<T: Encodable & Collection>(_ items: T) -> SQLValue {
        guard !items.isEmpty, let data = try? JSONEncoder().encode(items) else { return .null }
        return .text(String(decoding: data, as: UTF8.self))
    }

    static func items<T: Decodable>(_ text: String?, _ type: T.Type) -> T? {
        text.flatMap { try? JSONDecoder().decode(T.self, from: Data($0.utf8)) }
    }
}
