import JobQueue
import SQLiteSupport

extension QueueError {
    /// The protocol's error for what went wrong in one operation of a transaction: damage that it met is no other's.
    init(ofOperation error: any Error) {
        if let failure = SQLiteFailure(error), failure.isOfDamage {
            self = .damaged("What the queue's file holds of it is damaged: \(failure.message) (SQLite \(failure.code))")
        } else {
            self.init(error)
        }
    }

    /// The protocol's error for what went wrong in a transaction.
    init(_ error: any Error) {
        if let error = error as? QueueError {
            self = error
        } else if let failure = SQLiteFailure(error) {
            self =
                failure.isOfContent
                ? .refused("The queue holds it already or cannot hold it (\(failure.message))")
                : .unavailable("The queue cannot be written now: \(failure.message) (SQLite \(failure.code))")
        } else {
            self = .unavailable("The queue cannot be written now")
        }
    }
}
