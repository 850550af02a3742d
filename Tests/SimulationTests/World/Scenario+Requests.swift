import SyncModel
import TestSupport

extension Scenario {
    /// How a job's request arrives, where it is not simply accepted: in parts, under an `Idempotency-Key`, more than once.
    struct Request: Sendable {
        /// Whether its users are uploaded before it is accepted.
        var isUpload = false
        /// Milliseconds between two parts of its body.
        var pause = 0
        /// Before which part its connection breaks the first time; `nil`: it does not.
        var breaksAt: Int?
        /// For how many seconds beyond the end of its claim it stands still the first time; `nil`: it does not.
        var freezes: Int?
        var isKeyed = false
        /// Milliseconds after which the same is sent by another sender too, whatever became of the first one.
        var twin: Int?
        /// How often it is sent again once it was acknowledged.
        var replays = 0
        /// Another body is sent under its key then.
        var sendsOther = false
    }

    /// After how many seconds an upload that does not grow counts as abandoned: longer than a body pauses.
    var uploadPause: Double { 60 }

    var hasRequests: Bool { plans.contains { $0.request != nil } }

    /// Draws how some of the jobs arrive.
    mutating func drawRequests(_ random: inout SeededGenerator) {
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        func chance(_ one: Int) -> Bool { number(1...one) == 1 }
        guard chance(3) else { return }
        for plan in plans.indices where chance(2) {
            var request = Request()
            request.isUpload = chance(2)
            request.isKeyed = !request.isUpload || chance(2)
            request.pause = number(0...(chance(4) ? 12_000 : 20))
            if chance(4) { request.breaksAt = number(0...3) }
            if request.isKeyed {
                if chance(2) { request.twin = number(0...(chance(2) ? 400 : 10)) }
                if driver == .memory, chance(6) {
                    // The twin has the key then, and its body is arriving.
                    request.freezes = number(1...40)
                    request.pause = number(2_000...12_000)
                    request.twin = number(0...400)
                }
                if chance(2) { request.replays = number(1...2) }
                request.sendsOther = chance(4)
            }
            plans[plan].request = request
        }
    }

    /// The same with less of requests.
    var fewerRequests: [Scenario] {
        plans.indices.flatMap { plan -> [Scenario] in
            guard let request = plans[plan].request else { return [] }
            var simpler = [Request?](repeating: request, count: 5)
            simpler[0] = nil
            simpler[1]?.twin = nil
            simpler[2]?.replays = 0
            simpler[2]?.sendsOther = false
            simpler[3]?.breaksAt = nil
            simpler[4]?.freezes = nil
            return simpler.map { request in
                var copy = self
                copy.plans[plan].request = request
                return copy
            }
        }.filter { "\($0.plans)" != "\(plans)" }
    }
}
