/// What the plain rules speak of.
extension PlainRules {
    struct Row: Hashable {
        /// `nil` for rows that a sync made.
        var key: Int?
        var id: String?
        var kinde: String?
        var email: String
        var name = "Old"
        var department: String?
        var isAdmin = false
        var isActive = true
        var time = 0
    }
    struct User: Hashable {
        var index = 0
        var id: String?
        var kinde: String?
        var email: String
        var name: String
        /// Outer nil: absent.
        var department: String??
        var isAdmin: Bool??
        var isActive: Bool??
        var address: String { email.lowercased() }
        func shares(with other: User) -> Bool { address == other.address || (id != nil && id == other.id) }
    }
}
