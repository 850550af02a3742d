import Foundation
import SyncModel
#if canImport(TestSupport)
    import TestSupport
#endif

/// What must hold for violations: each of them is true of the body.
enum ViolationProperties {
    static func check(_ violations: Violations, in body: Any) throws {
        try hold(!violations.isEmpty, "what is refused is refused for something")
        try hold(violations.first.count == min(violations.count, Violations.kept), "the first are kept")
        let isOfUser = violations.first.map { $0.path.count > 1 && $0.path[0] == .key("users") }
        try hold(!zip(isOfUser, isOfUser.dropFirst()).contains { $0 && !$1 }, "the envelope comes before the users")
        // Of a key that is given twice the reader judges the first value, Foundation shows the last; and what is not kept cannot
        // tell that there is one.
        guard violations.count <= Violations.kept, !violations.first.contains(where: { $0.type == "object.duplicate" }) else {
            return
        }
        for violation in violations.first {
            guard let parent = value(violation.path.dropLast(), in: body) else {
                throw BrokenProperty("a violation lies in the body: \(violation)")
            }
            var label = ""
            for element in violation.path {
                switch element {
                case .key(let key): label += label.isEmpty ? key : ".\(key)"
                case .index(let index): label += "[\(index)]"
                }
            }
            try hold(
                violation.message.hasPrefix("\"\(label.isEmpty ? "value" : label)\" "), "a message names the value: \(violation)")
            let found = value(violation.path.suffix(1), in: parent)
            try hold(isTrue(violation, of: found), "a violation is true: \(violation)")
        }
    }

    private static func value(_ path: some Sequence<Violation.PathElement>, in body: Any) -> Any? {
        var value: Any? = body
        for element in path {
            switch element {
            case .key(let key): value = (value as? [String: Any])?[key]
            case .index(let index):
                guard let array = value as? [Any], array.indices.contains(index) else { return nil }
                value = array[index]
            }
        }
        return value
    }

    private static func isTrue(_ violation: Violation, of value: Any?) -> Bool {
        let text = value as? String
        switch violation.type {
        case "any.required": return value == nil
        case "string.base": return value != nil && text == nil
        case "boolean.base": return value != nil && JSONOracle.boolean(value) == nil
        case "array.base": return value != nil && !(value is [Any])
        case "object.base": return value != nil && !(value is [String: Any])
        case "alternatives.types":
            return value != nil && !(value is [Any]) && !(value is [String: Any])
                && (text == nil || violation.path.last == .key("allowedApplications"))
        case "string.empty": return text?.isEmpty == true
        case "string.max":
            let limit = violation.message.split(separator: " ").compactMap { Int($0) }.last ?? .max
            return text.map { $0.unicodeScalars.count > limit } == true
        case "string.email": return text.map { !$0.utf8.allSatisfy { $0 < 0x80 } || !EmailProperties.isPlausible($0) } == true
        case "string.isoDate": return text.map { Timestamp(iso8601: $0) == nil } == true
        case "any.only" where violation.path == [.key("mode")]:
            return text.map { SyncMode(rawValue: $0) == nil && !$0.isEmpty } == true
        case "any.only" where violation.path.last == .key("orgCode"): return text != nil
        case "object.order": return value != nil
        case "array.min": return (value as? [Any])?.isEmpty == true
        case "any.only": return text.map { $0 != "user_sync" || violation.message.contains("user_removal") } == true
        case "object.size": return value is [String: Any]
        default: return false
        }
    }
}
