/// Cuts the users of a request into batches, those of a large request sorted by email first.
///
/// A database writes a page of its email index once for many users if they come in order, and once per user if they do not:
/// sorting makes it twice as fast. Users are sorted in runs, bounded by `runUsers` and by the memory that `budget` grants. Order
/// is kept where it has a meaning: equal emails stay in index order, and a user whose id is already in the run starts a new one.
/// Small requests (one batch) are left unsorted.
///
/// Add users until `isFull`, then collect with `nextBatch` until it returns `nil`; at the end `close`, and collect the rest.
package struct BatchCutter: ~Copyable {
    private struct Entry {
        /// The first eight bytes of the email in lower case, big endian: decides most comparisons.
        let prefix: UInt64
        let run: UInt32
        let block: Int32
        let offset: Int32
        let length: Int32
        let index: UInt32
    }

    private let batchUsers: Int
    private let batchBytes: Int
    private let runUsers: Int
    private let budget: RunBudget
    private var blocks: [[UInt8]] = []
    /// Blocks taken from the budget.
    private var granted = 0
    private var entries: [Entry] = []
    private var run: UInt32 = 0
    /// Hashes of the ids in the run, and of the Kinde ids beside them. A collision ends a run early, nothing else.
    private var ids: Set<Int> = []
    /// The ids of all users added so far.
    package private(set) var carriedIDs = CarriedIDs()
    /// How many of the sorted entries have been collected; `nil` while users are added.
    private var collected: Int?
    private var isClosed = false
    private var writer = UserRecordWriter()
    private var bounds: (first: UInt32, last: UInt32) = (.max, 0)

    /// True: collect before adding more. It accepts a little more than the bound, so that checking once per chunk is enough.
    package private(set) var isFull = false

    /// - Parameters:
    ///   - batchUsers: `BATCH_SIZE`.
    ///   - batchBytes: a batch also ends at this size.
    ///   - runUsers: users sorted together.
    package init(batchUsers: Int, batchBytes: Int = BatchLimits.bytes, runUsers: Int = 100_000, budget: RunBudget) {
        self.batchUsers = batchUsers
        self.batchBytes = batchBytes
        self.runUsers = runUsers
        self.budget = budget
    }

    deinit { budget.give(granted) }

    /// Adds a user.
    /// - Parameter raw: the record as stored, including its length.
    package mutating func add(_ raw: UnsafeRawBufferPointer, _ record: UserRecord) {
        let id = record.personID.map { CarriedIDs.hash($0) }
        if let id { carriedIDs.insert(hash: id) }
        keepOrder(of: id, record.kindeIDBeside.map { CarriedIDs.hash($0) })
        if blocks.last.map({ $0.count + raw.count > RunBudget.blockBytes }) ?? true { openBlock() }
        let block = blocks.count - 1
        let offset = blocks[block].count
        blocks[block].append(contentsOf: raw)
        entries.append(
            Entry(
                prefix: BatchCutter.prefix(record.bytes(.email)), run: run, block: Int32(block), offset: Int32(offset),
                length: Int32(raw.count), index: record.index))
        if entries.count >= runUsers { isFull = true }
    }

    /// Starts a new run if the present one has a user with one of these ids.
    private mutating func keepOrder(of id: Int?, _ kindeID: Int?) {
        var isNew = true
        if let id, !ids.insert(id).inserted { isNew = false }
        if let kindeID, !ids.insert(kindeID).inserted { isNew = false }
        guard !isNew else { return }
        run += 1
        // A set of its own size: clearing a large one for each user that comes twice would take longer the longer the run before was.
        ids = []
        if let id { ids.insert(id) }
        if let kindeID { ids.insert(kindeID) }
    }

    /// The request has ended: what is left can be collected.
    package mutating func close() {
        isFull = true
        isClosed = true
    }

    /// The next batch; `nil` once all that can be cut has been collected and users may be added again.
    package mutating func nextBatch() -> NewBatch? {
        guard isFull else { return nil }
        if collected == nil {
            sort()
            collected = 0
        }
        while let at = collected, at < entries.count {
            let entry = entries[at]
            let end = Int(entry.offset + entry.length)
            if writer.count >= batchUsers || (writer.count > 0 && writer.byteCount + Int(entry.length) > batchBytes) {
                return closeBatch()
            }
            blocks[Int(entry.block)].withUnsafeBytes { block in
                writer.append(record: UnsafeRawBufferPointer(rebasing: block[Int(entry.offset)..<end]))
            }
            bounds = (min(bounds.first, entry.index), max(bounds.last, entry.index))
            collected = at + 1
        }
        startOver()
        return isClosed && writer.count > 0 ? closeBatch() : nil
    }

    private mutating func openBlock() {
        // The first block is always granted: a batch must fit.
        if !blocks.isEmpty {
            if budget.take() { granted += 1 } else { isFull = true }
        }
        var block: [UInt8] = []
        // A small request stays small; a second block shows that this one is not.
        if !blocks.isEmpty { block.reserveCapacity(RunBudget.blockBytes) }
        blocks.append(block)
    }

    private mutating func sort() {
        guard entries.count > batchUsers else { return }
        blocks.withUnsafeBufferPointer { blocks in
            entries.sort { a, b in
                if a.run != b.run { return a.run < b.run }
                if a.prefix != b.prefix { return a.prefix < b.prefix }
                return BatchCutter.isBefore(a, b, blocks)
            }
        }
    }

    private mutating func startOver() {
        // Its owner may wait for long once the request has ended.
        entries.removeAll(keepingCapacity: !isClosed)
        ids.removeAll(keepingCapacity: !isClosed)
        blocks.removeAll()
        budget.give(granted)
        granted = 0
        run = 0
        collected = nil
        isFull = false
    }

    private mutating func closeBatch() -> NewBatch {
        let batch = NewBatch(payload: writer.take(), firstIndex: bounds.first, lastIndex: bounds.last)
        bounds = (.max, 0)
        return batch
    }

    private static func lower(_ c: UInt8) -> UInt8 { c &- 0x41 < 26 ? c | 0x20 : c }

    private static func prefix(_ email: UnsafeRawBufferPointer?) -> UInt64 {
        guard let email else { return 0 }
        var prefix: UInt64 = 0
        for i in 0..<8 { prefix = prefix << 8 | (i < email.count ? UInt64(lower(email[i])) : 0) }
        return prefix
    }

    private static func isBefore(_ a: Entry, _ b: Entry, _ blocks: UnsafeBufferPointer<[UInt8]>) -> Bool {
        func compare(_ x: UnsafeRawBufferPointer, _ y: UnsafeRawBufferPointer) -> Int {
            for i in 0..<min(x.count, y.count) where x[i] != y[i] {
                let (p, q) = (lower(x[i]), lower(y[i]))
                if p != q { return p < q ? -1 : 1 }
            }
            return x.count - y.count
        }
        let order = blocks[Int(a.block)].withUnsafeBytes { x in
            blocks[Int(b.block)].withUnsafeBytes { y in
                compare(email(of: a, in: x), email(of: b, in: y))
            }
        }
        return order == 0 ? a.index < b.index : order < 0
    }

    private static func email(of entry: Entry, in block: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let raw = UnsafeRawBufferPointer(rebasing: block[Int(entry.offset)..<Int(entry.offset + entry.length)])
        return UserRecord(raw).bytes(.email) ?? UnsafeRawBufferPointer(start: nil, count: 0)
    }
}
