import ServerTestSupport
import TestSupport

/// What the CRM must hold of one tenant, and what each job must have counted, worked out in memory.
struct TenantModel: Sendable {
    struct User: Sendable, Equatable {
        var name: String
        var isActive: Bool
    }

    /// What a job's `metadata` must say.
    struct Counts: Sendable, Equatable {
        var created = 0
        var updated = 0
        var unchanged = 0
        var removed = 0
        var failed = 0
    }

    enum Step: Sendable {
        case single(user: Int, name: String)
        case bulk(name: String)
        case removal(user: Int)
        /// These users, in order; those whose name begins with `poison` the database refuses (`PoisonFaults`).
        case chosen([(user: Int, name: String)])
    }

    static let poison = "Bad"

    let tenant: String
    /// Users of a bulk.
    let bulkSize: Int
    private(set) var users: [Int: User] = [:]

    init(tenant: String, bulkSize: Int = 1000) {
        self.tenant = tenant
        self.bulkSize = bulkSize
    }

    /// A step of the mixed load: mostly singles, some removals, few bulks.
    static func randomStep(number: Int, using random: inout SeededGenerator) -> Step {
        switch Int.random(in: 0..<20, using: &random) {
        case 0: .bulk(name: "Bulk \(number)")
        case 1...4: .removal(user: Int.random(in: 0..<60, using: &random))
        default: .single(user: Int.random(in: 0..<60, using: &random), name: "Name \(Int.random(in: 0..<3, using: &random))")
        }
    }

    /// Carries the step out in memory.
    mutating func apply(_ step: Step) -> Counts {
        var counts = Counts()
        switch step {
        case .single(let user, let name): put(user, User(name: name, isActive: true), &counts)
        case .bulk(let name):
            // A bulk says nothing of `isActive`: who was removed stays so.
            for user in 0..<bulkSize { put(user, User(name: name, isActive: users[user]?.isActive ?? true), &counts) }
        case .removal(let user):
            if users[user] == nil { counts.failed = 1 } else { counts.removed = 1 }
            users[user]?.isActive = false
        case .chosen(let chosen):
            for (user, name) in chosen {
                if name.hasPrefix(Self.poison) {
                    counts.failed += 1
                } else {
                    put(user, User(name: name, isActive: users[user]?.isActive ?? true), &counts)
                }
            }
        }
        return counts
    }

    private mutating func put(_ id: Int, _ user: User, _ counts: inout Counts) {
        if let known = users[id] {
            if known == user { counts.unchanged += 1 } else { counts.updated += 1 }
        } else {
            counts.created += 1
        }
        users[id] = user
    }

    /// The path and the body that ask for the step.
    func request(_ step: Step) -> (path: String, body: String) {
        switch step {
        case .single(let user, let name):
            ("/api/internal/sync/users", Bodies.sync([self.user(user, name, more: #""isActive":true"#)], tenant: tenant))
        case .bulk(let name):
            ("/api/internal/sync/users", Bodies.sync((0..<bulkSize).map { self.user($0, name) }, tenant: tenant))
        case .chosen(let chosen):
            ("/api/internal/sync/users", Bodies.sync(chosen.map { self.user($0.user, $0.name) }, tenant: tenant))
        case .removal(let user): ("/api/internal/sync/remove-user", Bodies.removal("u\(user)", tenant: tenant))
        }
    }

    private func user(_ id: Int, _ name: String, more: String = "") -> String {
        Bodies.user("u\(id)", "u\(id)@\(tenant).example", name: name, more: more)
    }
}
