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
        /// Outer nil: absent.
        var kinde: String??
        var email: String
        var name: String
        /// Outer nil: absent.
        var department: String??
        var isAdmin: Bool??
        var isActive: Bool??
        var address: String { email.lowercased() }

        // Who it is.
        private var sentKinde: String? { kinde ?? nil }
        private static func isKinde(_ id: String?) -> Bool { id?.hasPrefix("kp_") == true }
        /// Its id, if that is a Kinde id, or what it has instead of one.
        var kindeKey: String? { Self.isKinde(id ?? sentKinde) ? id ?? sentKinde : nil }
        var platformKey: String? { Self.isKinde(id) ? nil : id }
        var key: String? { platformKey ?? kindeKey }
        /// What is written as its Kinde id, be it one or not.
        var kindeID: String? { kindeKey ?? sentKinde }
        /// A Kinde id that stands beside its own id.
        var beside: String? { kindeKey == nil && Self.isKinde(sentKinde) ? sentKinde : nil }
        func carries(_ row: Row) -> Bool {
            platformKey.map { $0 == row.id } ?? kindeKey.map { $0 == row.kinde } ?? false
        }
        func isThePerson(of row: Row) -> Bool {
            if let own = kindeKey ?? beside, let other = row.kinde, Self.isKinde(other) { return own == other }
            return platformKey == nil || row.id == nil
        }
        func shares(with other: User) -> Bool {
            address == other.address || key != nil && [other.key, other.beside].contains(key)
                || beside != nil && beside == other.key
        }
        /// Also a Kinde id that both carry beside their own: of their rows the one that is made first is found first.
        func sharesAnything(with other: User) -> Bool { shares(with: other) || beside != nil && beside == other.beside }
    }
    /// Why a user waits for another one.
    enum Cause {
        /// They share something.
        case sharing
        /// Its Kinde id finds the row of the other one's platform id.
        case row
        /// The other one's row has its address.
        case address
    }
}
