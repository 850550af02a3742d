import Foundation
import JobQueueSQLite
import Settings

/// Where the server keeps its files, the CRM's database aside.
extension ConfigurationCheck {
    func dataFolder(_ list: inout Checklist) {
        let path = reading.settings.dataDirectory
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else { return }
        list.failure(.environment, "DATA_DIR: \(path) is no folder", "name another: the server does not start")
    }

    func queue(_ list: inout Checklist) {
        let path = reading.settings.queue.path
        switch QueueInspection.inspect(path: path) {
        case .ready: list.ok(.environment, "\(path) is a queue's file")
        case .absent: list.ok(.environment, "\(path) holds no queue yet; the first start makes it")
        case .foreign(let reason):
            list.failure(.environment, "\(path) cannot be used: \(reason)", "correct QUEUE_URL: the server does not start")
        case .unreadable(let reason):
            list.failure(.environment, "\(path) cannot be read: \(reason)", "check the file, its owner and its mode")
        }
    }
}
