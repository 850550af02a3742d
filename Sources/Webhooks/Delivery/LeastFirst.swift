import HeapModule

/// Names with a key each; the least key is found, and any changed, without a walk over all of them.
struct LeastFirst<Key: Comparable & Sendable>: Sendable {
    private struct Entry: Comparable, Sendable {
        var key: Key
        var name: String
        static func < (a: Entry, b: Entry) -> Bool { a.key < b.key }
        static func == (a: Entry, b: Entry) -> Bool { a.key == b.key }
    }

    private var keys: [String: Key] = [:]
    /// With entries of earlier keys, which are passed over.
    private var heap = Heap<Entry>()

    var count: Int { keys.count }

    subscript(name: String) -> Key? {
        get { keys[name] }
        set {
            guard keys[name] != newValue else { return }
            keys[name] = newValue
            guard let newValue else { return }
            heap.insert(Entry(key: newValue, name: name))
            if heap.count > 2 * keys.count + 64 { heap = Heap(keys.map { Entry(key: $0.value, name: $0.key) }) }
        }
    }

    /// The name with the least key, one of them if there are several.
    mutating func first() -> (name: String, key: Key)? {
        while let entry = heap.min {
            if keys[entry.name] == entry.key { return (entry.name, entry.key) }
            heap.removeMin()
        }
        return nil
    }
}
