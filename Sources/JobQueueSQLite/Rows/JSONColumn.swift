import Foundation
import SQLiteSupport

/// Small lists that are read and written whole stand in one column, as JSON; `NULL` stands for none.
enum JSONColumn {
    static func value<T: Encodable & Collection>(_ items: T) -> SQLValue {
        guard !items.isEmpty, let data = try? JSONEncoder().encode(items) else { return .null }
        return .text(String(decoding: data, as: UTF8.self))
    }

    static func items<T: Decodable>(_ text: String?, _ type: T.Type) -> T? {
        text.flatMap { try? JSONDecoder().decode(T.self, from: Data($0.utf8)) }
    }
}
