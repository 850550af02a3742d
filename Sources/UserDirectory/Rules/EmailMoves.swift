/// Whether a user may take an email that another user of the same job is about to give up, and which users move first.
///
/// Users of one job may swap addresses, or hand them on along a chain. Each address asked for is held by a user who asks for
/// another one: followed to its end, the chain meets a free address or the user it began with.
struct EmailMoves<Row> {
    /// Who moves where, in an order in which each address is free when its turn comes. Where `isCycle`, the user it began with has to
    /// step aside first.
    let moves: [(row: Row, email: String)]
    let isCycle: Bool

    /// Who holds an email.
    enum Holder {
        case nobody
        /// The user the chain began with.
        case start
        /// Another user of the tenant: `id` tells rows apart.
        case user(Row, id: Int64)
        /// Somebody who does not move: another tenant's user, or several rows that differ only in case.
        case fixed
    }

    /// Longer chains are a conflict.
    static var maximumLength: Int { 1_000 }

    /// The moves that free `email`; `nil` where it stays taken.
    /// - Parameters:
    ///   - holder: who holds an email now.
    ///   - wish: the email a user will be given later in this job; `nil` where none will be.
    init?<Failure>(
        freeing email: String, holder: (String) throws(Failure) -> Holder, wish: (Row) throws(Failure) -> String?
    ) throws(Failure) {
        var chain: [(row: Row, email: String)] = []
        var met: Set<Int64> = []
        var wanted = email
        while true {
            switch try holder(wanted) {
            case .nobody:
                moves = chain.reversed()
                isCycle = false
                return
            case .start:
                moves = chain.reversed()
                isCycle = true
                return
            case .fixed:
                return nil
            case .user(let row, let id):
                guard met.insert(id).inserted, chain.count < Self.maximumLength, let next = try wish(row) else { return nil }
                chain.append((row, next))
                wanted = next
            }
        }
    }
}
