import JobQueue
import SyncModel

@testable import Webhooks

/// The rules of `DestinationLimiter` the plain way: each question is answered by a walk over all destinations.
struct PlainLimiter {
    private let limits: CourierLimits
    private(set) var destinations: [String: Destination] = [:]
    private var order: [String] = []
    private var sending = 0
    private var open = 0
    private var unwanted: [LeasedDelivery] = []
    private var mayAsk = false
    private var leftOut = (troubled: false, unmet: false, holding: false)

    init(limits: CourierLimits) { self.limits = limits }

    private var readyCount: Int { destinations.values.reduce(0) { $0 + $1.ready.count } }
    private func ready(_ standing: Destination.Standing) -> Int {
        destinations.values.reduce(0) { $0 + ($1.standing == standing ? $1.ready.count : 0) }
    }
    private func sending(_ standing: Destination.Standing) -> Int {
        destinations.values.reduce(0) { $0 + ($1.standing == standing ? $1.sending : 0) }
    }

    mutating func look() { mayAsk = true }

    mutating func nextQuery(at now: Timestamp) -> DeliveryQuery? {
        let room = limits.ready - readyCount
        guard open < DestinationLimiter.maxUnrecorded, room >= DestinationLimiter.pageSize / 4,
            mayAsk || destinations.values.contains(where: { $0.isToBeAsked(at: now) })
        else { return nil }
        mayAsk = false
        var excluded = Set(destinations.filter { $0.value.isClosed(at: now) }.keys)
        for name in destinations.keys { destinations[name]?.mayHaveMore = excluded.contains(name) }
        var query = DeliveryQuery(limit: min(DestinationLimiter.pageSize, room))
        leftOut = (
            ready(.troubled) >= limits.ready / 4, ready(.unmet) >= limits.ready / 2, readyCount >= limits.ready / 2
        )
        if leftOut.unmet { query.only = Set(destinations.filter { $0.value.isMet }.keys) }
        if leftOut.troubled { excluded.formUnion(destinations.filter { $0.value.health.isTroubled }.keys) }
        if leftOut.holding {
            excluded.formUnion(order)
            query.perDestination = readyCount < limits.ready / 4 * 3 ? 4 : 1
        }
        query.excluded = [excluded]
        return query
    }

    func nextTurn(after now: Timestamp) -> Timestamp? { destinations.values.compactMap { $0.opens(after: now) }.min() }

    mutating func add(_ due: [LeasedDelivery], for query: DeliveryQuery) {
        for leased in due {
            let name = leased.delivery.what.destination
            var destination = destinations[name] ?? Destination(health: DestinationHealth(limits))
            if destination.ready.count < destination.capacity {
                if destination.ready.isEmpty { order.append(name) }
                destination.ready.append(Destination.Ready(leased: leased, startsBy: nil))
            } else {
                unwanted.append(leased)
                destination.mayHaveMore = true
            }
            let count = due.count { $0.delivery.what.destination == name }
            if count >= query.perDestination { destination.mayHaveMore = true }
            destinations[name] = destination
        }
        if due.count >= query.limit { mayAsk = true }
    }

    mutating func start(at now: Timestamp) -> LeasedDelivery? {
        guard sending < limits.concurrent, open < DestinationLimiter.maxUnrecorded else { return nil }
        let areOthersAllowed = sending(.unmet) + sending(.troubled) < max(1, limits.concurrent * 3 / 4)
        let isTroubleAllowed = areOthersAllowed && sending(.troubled) < max(1, limits.concurrent / 2)
        let first = order.firstIndex { name in
            guard let destination = destinations[name] else { return false }
            let isAllowed = [.good: true, .unmet: areOthersAllowed, .troubled: isTroubleAllowed][destination.standing] ?? false
            return destination.isStartable(at: now) && isAllowed
        }
        guard let first else { return nil }
        let name = order.remove(at: first)
        guard var destination = destinations[name] else { return nil }
        let next = destination.ready.removeFirst()
        if destination.mayHaveMore, destination.ready.count <= destination.capacity / 4 { mayAsk = true }
        destination.sending += 1
        destination.health.started(at: now)
        if !destination.ready.isEmpty { order.append(name) }
        (sending, open) = (sending + 1, open + 1)
        lower(destination, name)
        return next.leased
    }

    /// Notes a destination that has less ready than before.
    private mutating func lower(_ destination: Destination, _ name: String) {
        let (troubled, unmet) = (ready(.troubled), ready(.unmet))
        let all = readyCount - (destinations[name]?.ready.count ?? 0) + destination.ready.count
        if leftOut.troubled, troubled <= limits.ready / 4 * 3 / 4 { mayAsk = true }
        if leftOut.unmet, unmet <= limits.ready / 2 * 3 / 4 { mayAsk = true }
        if leftOut.holding, destination.ready.isEmpty || all <= limits.ready / 2 * 3 / 4 { mayAsk = true }
        destinations[name] = destination
    }

    mutating func sent(_ leased: LeasedDelivery, _ answer: DestinationAnswer?, at now: Timestamp) {
        let name = leased.delivery.what.destination
        guard var destination = destinations[name] else { return }
        sending -= 1
        destination.sending -= 1
        if let answer {
            destination.health.answered(answer, at: now, limits)
            destination.isMet = true
        }
        if destination.health.isQuiet(at: now) { destination.mayHaveMore = true }
        if destination.health.isQuiet(at: now), !destination.ready.isEmpty {
            unwanted += destination.ready.map(\.leased)
            destination.ready.removeAll()
            destination.mayHaveMore = true
            order.removeAll { $0 == name }
            lower(destination, name)
        }
        destinations[name] = destination
    }

    mutating func settled() {
        if open >= DestinationLimiter.maxUnrecorded { mayAsk = true }
        open -= 1
    }

    mutating func takeUnwanted() -> [LeasedDelivery] {
        defer { unwanted = [] }
        return unwanted
    }
}
