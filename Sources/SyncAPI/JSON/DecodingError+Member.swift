extension DecodingError {
    /// `jobs[0].jobId is missing`; `nil` if it is not about a member.
    package var unreadable: String? {
        switch self {
        case .keyNotFound(let key, let context): "\(DecodingError.path(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath.isEmpty ? nil : "\(DecodingError.path(context.codingPath)) is not as expected"
        @unknown default: nil
        }
    }

    static func path(_ keys: [any CodingKey]) -> String {
        keys.reduce("") { path, key in
            if let index = key.intValue { return "\(path)[\(index)]" }
            return path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)"
        }
    }
}
