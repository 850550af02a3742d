import Synchronization
package import SyncModel

/// Counts events by key in fixed windows, each key's window beginning with its first event. The table of keys is bounded.
package final class FixedWindowCounter: Sendable {
    /// What stands for a key.
    package struct Reading: Sendable, Hashable {
        package var used: Int
        /// Seconds until the window ends, at least 1.
        package var resetAfter: Int
    }

    private struct Window {
        var start: Timestamp
        var used: Int
    }

    /// Seconds.
    package let window: Int
    private let capacity: Int
    private let windows = Mutex<[String: Window]>([:])

    /// - Parameter capacity: keys kept at most; when it is reached those whose window is over go, then any.
    package init(window: Int, capacity: Int = 20_000) {
        self.window = window
        self.capacity = capacity
    }

    /// Keys kept.
    package var keys: Int { windows.withLock { $0.count } }

    /// Counts one event unless `limit` are counted already. `used` is greater than `limit` exactly where it was not counted.
    package func count(_ key: String, limit: Int, now: Timestamp) -> Reading {
        windows.withLock { windows in
            var entry = current(&windows, key, now)
            let reading: Reading
            if entry.used < limit {
                entry.used += 1
                reading = Reading(used: entry.used, resetAfter: reset(entry, now))
                if windows[key] == nil, windows.count >= capacity { makeRoom(&windows, now) }
                windows[key] = entry
            } else {
                reading = Reading(used: limit + 1, resetAfter: reset(entry, now))
            }
            return reading
        }
    }

    /// Takes one event back: it turned out to be of a kind that does not count.
    package func forgive(_ key: String, now: Timestamp) {
        windows.withLock { windows in
            guard var entry = windows[key], entry.used > 0 else { return }
            entry.used -= 1
            windows[key] = entry
        }
    }

    /// What stands for the key, nothing counted.
    package func reading(_ key: String, now: Timestamp) -> Reading {
        windows.withLock { windows in
            let entry = current(&windows, key, now)
            return Reading(used: entry.used, resetAfter: reset(entry, now))
        }
    }

    private func current(_ windows: inout [String: Window], _ key: String, _ now: Timestamp) -> Window {
        // A clock set back must not lock a caller out: a window that begins in the future is over.
        if let entry = windows[key], case let age = now.seconds(since: entry.start), age >= 0, age < Double(window) {
            return entry
        }
        return Window(start: now, used: 0)
    }

    private func reset(_ entry: Window, _ now: Timestamp) -> Int {
        max(1, Int((Double(window) - now.seconds(since: entry.start)).rounded(.up)))
    }

    /// Makes room for many at once: a walk through the table for each new key would be dear just when somebody sends many.
    private func makeRoom(_ windows: inout [String: Window], _ now: Timestamp) {
        windows = windows.filter { now.seconds(since: $0.value.start) < Double(window) }
        let most = capacity - max(1, capacity / 8)
        if windows.count > most { windows = Dictionary(uniqueKeysWithValues: windows.prefix(most).map { ($0.key, $0.value) }) }
    }
}
