import Foundation
import JobQueueSQLite
import Settings
import UserDirectory
import UserDirectorySQLite

/// What is checked of the queue and of the CRM's database: all of the checklist that knows their drivers.
extension ConfigurationCheck {
    /// Files that only their owner may read.
    var storeFiles: [String] { [settings.database.path, settings.queue.path] }
    /// A path on the disk that the queue fills.
    var queueDisk: String { settings.queue.path }

    func twoStores(_ list: inout Checklist) {
        guard FilePlace.isSame(settings.queue.path, settings.database.path) else { return }
        list.failure(
            .security, "QUEUE_URL and DATABASE_URL name the same file", "give the queue its own file: the server does not start")
    }

    func queue(_ list: inout Checklist) {
        let path = settings.queue.path
        switch QueueInspection.inspect(path: path) {
        case .ready: list.ok(.environment, "\(path) is a queue's file")
        case .absent: list.ok(.environment, "\(path) has no queue yet; the first start creates it")
        case .foreign(let reason):
            list.failure(.environment, "\(path) cannot be used: \(reason)", "correct QUEUE_URL: the server does not start")
        case .unreadable(let reason):
            list.failure(.environment, "\(path) cannot be read: \(reason)", "check the file, its owner and its mode")
        }
    }

    func schema(_ list: inout Checklist) {
        let path = settings.database.path
        do {
            switch try SchemaInspection.inspect(path: path) {
            case .ready: list.ok(.schema, "\(path) has users and sync_logs with all columns")
            case .absent: list.ok(.schema, "\(path) does not exist yet; the first start creates it with its tables")
            case .missing(let tables):
                list.doubt(.schema, "\(path) lacks \(tables.joined(separator: " and "))", "start the server: it creates them")
            case .upgradable(let columns):
                list.doubt(
                    .schema, "\(path) holds the guide's tables without \(columns.joined(separator: ", "))",
                    "start the server: it adds them and loses nothing")
            case .foreign(let columns):
                list.failure(
                    .schema, "\(path) has tables that lack columns of the guide: \(columns.joined(separator: ", "))",
                    "add them, or point DATABASE_URL at the right database")
            case .unfit(let columns):
                list.failure(
                    .schema, "\(path) does not compare ids by their bytes: \(columns.joined(separator: ", ")) with COLLATE",
                    "make the table anew without COLLATE there: the server does not start")
            }
        } catch {
            list.failure(.schema, "\(path) cannot be read: \(error)", "check the file, its owner and its mode")
        }
    }
}
