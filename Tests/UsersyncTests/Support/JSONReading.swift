import Testing

/// Members of JSON read back with Foundation.
extension [String: Any] {
    func object(_ name: String) throws -> [String: Any] { try #require(self[name] as? [String: Any], "\(name)") }
    func array(_ name: String) throws -> [[String: Any]] { try #require(self[name] as? [[String: Any]], "\(name)") }
    func string(_ name: String) -> String? { self[name] as? String }
    func int(_ name: String) -> Int? { self[name] as? Int }
    func bool(_ name: String) -> Bool? { self[name] as? Bool }
}
