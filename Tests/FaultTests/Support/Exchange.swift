import Foundation
import GRDB
import JobQueue
import ServerTestSupport
import SyncModel
import TestSupport

/// A request in which everybody waits for somebody: pairs that swap their addresses, addresses that a new account takes over, and
/// addresses that are taken up by one while another moves away.
struct Exchange: Sendable {
    struct User: Sendable, Hashable {
        var id: String
        var email: String
        var isAdmin: Bool
    }

    var tenant = "t1"
    /// Groups of four rows each, for which five users are sent.
    var groups: Int

    private func email(_ name: String) -> String { "\(name)@\(tenant).example" }

    /// Who stands there, all with rights.
    var before: [User] { (0..<groups * 4).map { User(id: "u\($0)", email: email("e\($0)"), isAdmin: true) } }

    /// What is sent, without a word of rights.
    var sent: [User] {
        (0..<groups).flatMap { group in
            let at = group * 4
            return [
                User(id: "m\(at)", email: email("e\(at + 3)"), isAdmin: false),
                User(id: "u\(at)", email: email("e\(at + 1)"), isAdmin: true),
                User(id: "u\(at + 1)", email: email("e\(at)"), isAdmin: true),
                User(id: "n\(at)", email: email("e\(at + 2)"), isAdmin: false),
                User(id: "u\(at + 3)", email: email("free\(at)"), isAdmin: true),
            ]
        }
    }

    var created: Int { groups }
    var updated: Int { groups * 4 }

    static func body(_ users: [User], tenant: String, withRights: Bool) -> String {
        Bodies.sync(users.map { Bodies.user($0.id, $0.email, more: withRights ? #""isAdmin":true"# : "") }, tenant: tenant)
    }

    /// The tenant's rows.
    func stored(in folder: URL) throws -> Set<User> {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        let database = try DatabaseQueue(path: folder.appending(path: "data/crm.sqlite").path, configuration: configuration)
        defer { try? database.close() }
        return try database.read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT wrapper_user_id, email, is_admin FROM users WHERE tenant_id = ?", arguments: [tenant])
            return Set(rows.map { User(id: $0["wrapper_user_id"], email: $0["email"], isAdmin: $0["is_admin"]) })
        }
    }

    /// As intake cuts them, but for the sorting.
    func batches(_ users: [User], of size: Int, withRights: Bool) -> [NewBatch] {
        stride(from: 0, to: users.count, by: size).map { first in
            let last = min(first + size, users.count) - 1
            var writer = UserRecordWriter()
            for index in first...last {
                writer.begin(index: UInt32(index))
                writer.set(.id, text: users[index].id)
                writer.set(.email, text: users[index].email)
                writer.set(.name, text: "Some Name")
                if withRights { writer.set(.isAdmin, .yes) }
                writer.end()
            }
            return NewBatch(payload: BatchPayload(writer), firstIndex: UInt32(first), lastIndex: UInt32(last))
        }
    }
}
