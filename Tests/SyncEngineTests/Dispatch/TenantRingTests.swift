import SyncModel
import Testing

@testable import SyncEngine

@Suite("Whose turn it is")
struct TenantRingTests {
    @Test("tenants are served in the order in which they asked, each once a round")
    func order() {
        var ring = TenantRing()
        for tenant in ["a", "b", "c", "a"] as [TenantID] { ring.ask(tenant) }
        #expect(ring.waiting == 3)
        #expect(ring.take(2) == ["a", "b"])
        ring.done("a", mayHaveMore: true)
        #expect(ring.take(5) == ["c", "a"])
        #expect(ring.waiting == 0)
    }

    @Test("a tenant that asks while it is worked on comes back when its turn is over, once")
    func asksWhileWorking() {
        var ring = TenantRing()
        ring.ask("a")
        #expect(ring.take(1) == ["a"])
        ring.ask("a")
        ring.ask("a")
        #expect(ring.waiting == 0)
        ring.done("a", mayHaveMore: false)
        #expect(ring.take(5) == ["a"])
        ring.done("a", mayHaveMore: false)
        #expect(ring.take(5).isEmpty)
    }

    @Test("a turn that was not taken cannot be given back")
    func doneWithoutTurn() {
        var ring = TenantRing()
        ring.done("a", mayHaveMore: true)
        #expect(ring.waiting == 0)
    }

    @Test("the order holds over many rounds")
    func manyRounds() {
        var ring = TenantRing()
        for n in 0..<5 { ring.ask(TenantID("\(n)")) }
        var served: [TenantID: Int] = [:]
        for _ in 0..<20_000 {
            for tenant in ring.take(1) {
                served[tenant, default: 0] += 1
                ring.done(tenant, mayHaveMore: true)
            }
        }
        #expect(served.values.allSatisfy { $0 == 4000 })
    }
}
