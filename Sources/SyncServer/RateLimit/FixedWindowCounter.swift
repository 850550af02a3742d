import Synchronization
package import SyncModel

/// Counts events by key in fixed windows; each key's window begins with its first event. The table of keys is bounded.
package final class FixedWindowCounter: Sendable {
    /// A key's current count.
    package struct Reading: Sendable, Hashable {
        package var used: Int
        /// Seconds until the window ends, at least 1.
        package var resetAfter: Int
        /// When the window began; identifies it.
        package var windowStart: Timestamp
    }

    private struct Window {
        var start: Timestamp
        var used: Int
        var hasRefused = false
    }

    /// Seconds.
    package let window: Int
    private let capacity: Int
    /// Keyed by bytes: texts that look alike are different keys.
    private let windows = Mutex<[[UInt8]: Window]>([:])

    /// - Parameter capacity: the most keys kept; when it is reached, keys whose window is over are dropped, then arbitrary ones.
    package init(window: Int, capacity: Int = 20_000) {
        self.window = window
        self.capacity = capacity
    }

    /// The number of keys kept.
    package var keys: Int { windows.withLock { $0.count } }

    /// Counts one event unless `limit` are counted already. `used` exceeds `limit` exactly if the event was not counted.
    package func count(_ key: String, limit: Int, now: Timestamp) -> Reading {
        windows.withLock { windows in
            let key = Array(key.utf8)
            var entry = current(&windows, key, now)
            var reading = Reading(used: limit + 1, resetAfter: reset(entry, now), windowStart: entry.start)
            if entry.used < limit {
                entry.used += 1
                reading.used = entry.used
                if windows[key] == nil, windows.count >= capacity { makeRoom(&windows, now) }
                windows[key] = entry
            }
            return reading
        }
    }

    /// Remembers that an event was refused. True for the first of its window.
    package func noteRefusal(_ key: String, of windowStart: Timestamp) -> Bool {
        windows.withLock { windows in
            let key = Array(key.utf8)
            guard let entry = windows[key], entry.start == windowStart, !entry.hasRefused else { return windows[key] == nil }
            windows[key]?.hasRefused = true
            return true
        }
    }

    /// Takes one event back that turned out not to count.
    /// - Parameter windowStart: of the window it was counted in; a later window is left alone.
    package func forgive(_ key: String, countedIn windowStart: Timestamp) {
        windows.withLock { windows in
            let key = Array(key.utf8)
            guard var entry = windows[key], entry.used > 0, entry.start == windowStart else { return }
            entry.used -= 1
            windows[key] = entry
        }
    }

    /// Returns the count without incrementing it.
    package func reading(_ key: String, now: Timestamp) -> Reading {
        windows.withLock { windows in
            let entry = current(&windows, Array(key.utf8), now)
            return Reading(used: entry.used, resetAfter: reset(entry, now), windowStart: entry.start)
        }
    }

    private func current(_ windows: inout [[UInt8]: Window], _ key: [UInt8], _ now: Timestamp) -> Window {
        // A clock set back must not lock a caller out: a window that begins in the future is over.
        if let entry = windows[key], case let age = now.seconds(since: entry.start), age >= 0, age < Double(window) {
            return entry
        }
        return Window(start: now, used: 0)
    }

    private func reset(_ entry: Window, _ now: Timestamp) -> Int {
        max(1, Int((Double(window) - now.seconds(since: entry.start)).rounded(.up)))
    }

    /// Drops many keys at once: scanning the table for every new key would be expensive just when many keys arrive.
    private func makeRoom(_ windows: inout [[UInt8]: Window], _ now: Timestamp) {
        windows = windows.filter { now.seconds(since: $0.value.start) < Double(window) }
        let most = capacity - max(1, capacity / 8)
        if windows.count > most { windows = Dictionary(uniqueKeysWithValues: windows.prefix(most).map { ($0.key, $0.value) }) }
    }
}
