import SQLiteSupport
import SyncModel
import UserDirectory

/// Reads the table of users beside the connection that writes it: whoever asks does not wait for commits, nor in an outage for the calls
/// that try the file. Opened for each question, as questions are rare; on a queue of its own, as a disk may hang.
actor UsersReader {
    private let path: String
    private let executor = SerialQueueExecutor(label: "usersync.directory.questions")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(path: String) { self.path = path }

    func hasUsers(of tenantID: TenantID) throws(DirectoryError) -> Bool {
        do {
            return try DatabaseFile.readBeside(path) { connection in
                try SQLStatement(connection, UserSQL.anyOfTenant).first(.text(tenantID.text)) { _ in true } ?? false
            }
        } catch {
            throw DirectoryError(error)
        }
    }
}
