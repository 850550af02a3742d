import Foundation
import SyncModel
#if canImport(TestSupport)
    import TestSupport
#endif

/// What must hold for a user that a reader handed out.
struct UserProperties {
    let record: UserRecord

    /// The lengths of the contract, in characters (Unicode code points).
    private static let lengths: [UserField: ClosedRange<Int>] = [
        .id: 1...255, .kindeUserID: 1...255, .email: 3...254, .name: 1...255, .avatar: 0...2048, .department: 0...100,
        .title: 0...100, .lastActiveAt: 24...27, .subscriptionTier: 0...50,
    ]

    /// Whether a name or id has no words but those for what is missing.
    private static func saysNothing(_ text: String) -> Bool {
        let words = text.unicodeScalars.split { $0.properties.isWhitespace || $0 == "\u{FEFF}" }
        return words.allSatisfy { ["undefined", "null"].contains(String($0)) }
    }

    func checkLimits() throws {
        if let problem = record.text(.problem) {
            // Only what says who it is stands beside a problem.
            for field in UserField.allCases where ![.id, .email, .problem].contains(field) {
                try hold(record.state(field) == .absent, "a user with a problem has no \(field)")
            }
            try hold(problem.hasPrefix("\"users[\(record.index)]"), "a problem names the user: \(problem)")
            try hold(problem.utf8.count <= 510, "a problem is short: \(problem)")
        } else {
            try hold(record.state(.problem) == .absent, "a problem is a text")
            try hold(EmailProperties.isPlausible(record.text(.email) ?? ""), "an email is one: \(record.text(.email) ?? "none")")
            try hold(record.text(.name) != nil || record.state(.name) == .null, "a user has a name, or one that says nothing")
        }
        for (field, lengths) in UserProperties.lengths {
            guard let text = record.text(field) else { continue }
            let count = text.unicodeScalars.count
            let isAnyEmail = field == .email && record.state(.problem) != .absent
            try hold(
                lengths.contains(count) || (isAnyEmail && (1...254).contains(count)), "\(field) is not \(count) characters long")
            try hold(!text.utf8.contains(0), "\(field) has no NUL")
        }
        if let moment = record.text(.lastActiveAt) {
            try hold(Timestamp(iso8601: moment)?.iso8601 == moment, "a moment is in one form: \(moment)")
        }
        try record.forEachText { field, text in
            try hold(String(validating: text, as: UTF8.self) != nil, "\(field) is UTF-8")
            try hold(text.count <= 65_536, "\(field) fits into a user")
        }
    }

    /// Checks the record against the user as it was sent in version 2.
    func check(againstVersionTwo user: [String: Any]) throws {
        for (field, member) in [(UserField.id, "externalId"), (.email, "email"), (.title, "designation")] {
            var sent = user[member] as? String ?? ""
            if field == .id, UserProperties.saysNothing(sent) { sent = "" }
            try hold(record.text(field) ?? "" == sent, "\(member) of user \(record.index) is as it was sent")
            try hold(record.state(field) == (sent.isEmpty ? .absent : .value), "\(member) that is empty clears nothing")
        }
        let isActive = JSONOracle.boolean(user["isActive"])
        try hold(
            record.state(.isActive) == (isActive == nil ? .absent : isActive == true ? .yes : .value),
            "isActive is as it was sent")
        let name = PersonName.joined([user["firstName"] as? String, user["lastName"] as? String])
        try hold(record.text(.name) == name, "both names make the name")
        for field in UserField.allCases where ![.id, .email, .title, .isActive, .name].contains(field) {
            try hold(record.state(field) == .absent, "version 2 has no \(field)")
        }
    }

    /// Checks the record against the user as it was sent.
    func check(against user: [String: Any], _ oracle: JSONOracle) throws {
        for field in UserField.allCases where field != .problem {
            let sent = user[field.jsonName]
            let sentence = "\(field) of user \(record.index) is as it was sent"
            switch record.state(field) {
            case .absent where [.id, .kindeUserID].contains(field):
                try hold(sent == nil || (sent as? String).map(Self.saysNothing) == true, sentence)
            case .absent: try hold(sent == nil, sentence)
            case .null where field == .name: try hold((sent as? String).map(Self.saysNothing) == true, sentence)
            case .null: try hold(sent is NSNull, sentence)
            case .yes: try hold(field.isBoolean && JSONOracle.boolean(sent) == true, sentence)
            case .value where field.isBoolean: try hold(JSONOracle.boolean(sent) == false, sentence)
            case .value:
                let text = record.text(field) ?? ""
                switch sent {
                case let sent as String where field == .lastActiveAt:
                    try hold(Timestamp(iso8601: sent)?.iso8601 == text, sentence)
                case let sent as String where field == .roles || field == .permissions:
                    let stored = JSONOracle.read(Array(text.utf8)).value as? [Any]
                    try hold(stored?.count == 1, sentence)
                    try hold((stored?.first as? String).map { JSONOracle.isSame($0, as: sent) } == true, sentence)
                case let sent as String:
                    try hold(JSONOracle.isSame(text, as: sent), sentence)
                    try hold(
                        ![.name, .id, .kindeUserID].contains(field) || !Self.saysNothing(sent), "names and ids say something")
                case let sent? where sent is [Any] || sent is [String: Any]:
                    guard oracle.hasExactNumbers else { continue }
                    guard let stored = JSONOracle.read(Array(text.utf8)).value else { throw BrokenProperty("\(field) is JSON") }
                    try hold(JSONOracle.canonical(stored) == JSONOracle.canonical(sent), sentence)
                default: throw BrokenProperty(sentence)
                }
            }
        }
    }
}
