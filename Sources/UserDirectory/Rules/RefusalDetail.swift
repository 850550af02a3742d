import SyncModel

/// A database's reason for refusing a user, fit to be shown: short, and without the user's own values.
package enum RefusalDetail {
    static let maximumLength = 200
    package static let ignored = "A trigger of the database ignored the row"

    /// - Parameter message: the database's own message. One of the CRM's triggers may have put values of the row into it.
    package static func text(_ message: String, hiding fields: RecordFields) -> String {
        var text = message
        for field in UserField.stored {
            guard let bytes = fields[field], bytes.count >= 3 else { continue }
            text = text.replacing(String(decoding: bytes, as: UTF8.self), with: "…")
        }
        if fields[.name] == nil, case .text(let name)? = fields.target(.name), name.count >= 3 {
            text = text.replacing(String(decoding: name, as: UTF8.self), with: "…")
        }
        if let email = fields.email { text = text.replacing(String(decoding: email, as: UTF8.self), with: "…") }
        return String(text.prefix(maximumLength))
    }
}
