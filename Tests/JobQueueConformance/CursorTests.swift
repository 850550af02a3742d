import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Cursors from outside")
struct CursorTests {
    @Test("a place of results that no user can have is a bad cursor, not a sum that overflows", arguments: QueueDriver.all)
    func edges(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 3)
            try await fixture.work(queue, "a")
            for number in [Int64.max, .max - 1, .min, -1, 1 << 32, 1 << 62] {
                let cursor = "r" + String(number, radix: 36)
                await #expect(throws: QueueError.badCursor, "\(cursor)") {
                    _ = try await queue.results(of: job.id, status: nil, limit: 1000, cursor: cursor)
                }
            }
            let last = try await queue.results(
                of: job.id, status: nil, limit: 1000, cursor: "r" + String(UInt32.max, radix: 36))
            #expect(last.items.isEmpty && last.nextCursor == nil)
        }
    }

    @Test(
        "whatever is sent as a cursor is a page or a bad cursor", arguments: QueueDriver.all,
        Property.seeds(known: [1], fresh: 3))
    func anything(_ driver: QueueDriver, seed: UInt64) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 250)
            try await fixture.work(queue, "a", failing: [3], deliver: true)
            try await fixture.accept(queue, "b", users: 2)
            await Property.holds(seed: seed, steps: 2000) { steps in
                var random = CursorSource(seed: seed)
                for _ in 0..<steps {
                    let cursor = random.next()
                    let limit = [1, 7, 1000].randomElement(using: &random.generator) ?? 1
                    let status = (ResultStatusFilter.allCases + [nil]).randomElement(using: &random.generator) ?? nil
                    func page<T>(_ fetch: () async throws -> Page<T>) async throws {
                        do {
                            #expect(try await fetch().items.count <= limit, "\(cursor)")
                        } catch QueueError.badCursor {}
                    }
                    try await page { try await queue.jobs(JobFilter(), limit: limit, cursor: cursor) }
                    try await page { try await queue.deliveries(DeliveryFilter(), limit: limit, cursor: cursor) }
                    try await page { try await queue.results(of: job.id, status: status, limit: limit, cursor: cursor) }
                }
            }
        }
    }
}

/// Texts that look like cursors, more or less.
private struct CursorSource {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func next() -> String {
        let kind = ["j", "d", "r", "r", "", "x", "R"].randomElement(using: &generator) ?? ""
        var text = kind + (0..<Int.random(in: 0...3, using: &generator)).map { _ in number() }.joined(separator: ".")
        if Int.random(in: 0..<4, using: &generator) == 0 {
            let odd = ["+", "-", " ", ".", "é", "z", "0", "\u{301}"].randomElement(using: &generator) ?? ""
            let place = text.indices.randomElement(using: &generator) ?? text.endIndex
            text.insert(contentsOf: odd, at: place)
        }
        return text
    }

    private mutating func number() -> String {
        let edges: [Int64] = [0, 1, 249, 250, 99_999, 100_000, 1 << 31, 1 << 32, 1 << 53, .max, .max - 1000, .min, -1]
        let number =
            Bool.random(using: &generator)
            ? edges.randomElement(using: &generator) ?? 0
            : Int64(truncatingIfNeeded: generator.next() >> UInt64.random(in: 0..<64, using: &generator))
        return String(number &+ Int64.random(in: -2...2, using: &generator), radix: 36)
    }
}
