package import Logging
import NIOCore
package import SyncModel
import Synchronization

/// All connections of the server, and the bound on their number. Where one more comes than there may be, the one on which nothing came
/// for longest is closed, strangers before those on which a good key came: who has a key gets in, whatever strangers do. A few places
/// are strangers' all the same: a probe is answered, whatever callers with a key hold.
package final class ConnectionRegister: Sendable {
    /// Why the server closed a connection.
    enum Reason: String, Sendable, CaseIterable {
        /// There were too many.
        case bound
        /// No request came in time.
        case idle
        /// A body came too slowly.
        case slow
        /// Nothing of an answer was taken.
        case stalled
        /// More was sent than is discarded.
        case excess
    }

    private struct State {
        var lines = ConnectionLines()
        var channels: [Int: any Channel] = [:]
        var numbers: [ObjectIdentifier: Int] = [:]
        /// The most there were since memory was given back.
        var peak = 0
        var brake = LogBrake(lines: 1, seconds: 10)
    }

    package let limit: Int
    /// Places of `limit` that callers with a key give up where others come.
    private let kept: Int
    private let clock: WallClock
    private let logger: Logger
    private let state = Mutex(State())
    private let metrics = ConnectionMetrics()
    private let memory = MemoryReturn()

    /// - Parameter limit: `MAX_CONNECTIONS`.
    package init(limit: Int, clock: WallClock, logger: Logger) {
        self.limit = max(1, limit)
        kept = ConnectionRegister.kept(of: limit)
        self.clock = clock
        self.logger = logger
    }

    /// Places of so many that callers with a key give up where others come: a thirty-second of them, 2 at least and 64 at most.
    static func kept(of limit: Int) -> Int { min(64, max(2, limit / 32)) }

    /// Connections that may be open at a time: beside those there may be, some are being closed, or have their last answer to take.
    static func most(of limit: Int) -> Int { limit + 2 * kept(of: limit) + 4 }

    /// A connection has come; another one may have to go.
    func enter(_ channel: any Channel) {
        let (told, closed, line) = state.withLock { state in
            let (told, closed) = makeRoom(&state)
            let line = told == nil && closed == nil ? nil : state.brake.take(at: clock.now())
            let number = state.lines.add()
            state.channels[number] = channel
            state.numbers[ObjectIdentifier(channel)] = number
            state.peak = max(state.peak, state.lines.count)
            metrics.count(state.lines.count)
            return (told, closed, line.map { (closedBefore: $0, withKey: state.lines.staying - state.lines.strangers) })
        }
        if told != nil || closed != nil { metrics.closed(.bound) }
        if let line {
            logger.warning(
                "as many connections as there may be: the one idle longest is closed",
                metadata: [
                    "maxConnections": .stringConvertible(limit), "withKey": .stringConvertible(line.withKey),
                    "closedBefore": .stringConvertible(line.closedBefore),
                ])
        }
        told?.triggerUserOutboundEvent(LeaveEvent(), promise: nil)
        closed?.close(promise: nil)
    }

    /// - Returns: who is told to go: a caller who is being served gets an answer; who goes at once, because there is no time for one.
    private func makeRoom(_ state: inout State) -> (told: (any Channel)?, closed: (any Channel)?) {
        guard state.lines.staying >= limit, let (number, standing) = state.lines.next(kept: kept) else { return (nil, nil) }
        let channel = state.channels[number]
        guard standing == .callerBusy else {
            remove(number, &state)
            return (nil, channel)
        }
        // Those before it have had their time.
        let late = state.lines.count(.leaving) >= kept ? state.lines.first(.leaving) : nil
        let closed = late.flatMap { state.channels[$0] }
        if let late { remove(late, &state) }
        state.lines.dismiss(number)
        return (channel, closed)
    }

    /// A connection is gone.
    func leave(_ channel: any Channel) {
        let givesBack = state.withLock { state -> Bool in
            guard let number = state.numbers[ObjectIdentifier(channel)] else { return false }
            remove(number, &state)
            metrics.count(state.lines.count)
            guard state.peak >= ConnectionRegister.crowd, state.lines.count <= state.peak / 4 else { return false }
            state.peak = state.lines.count
            return true
        }
        if givesBack { memory.giveBack() }
    }

    /// The answer has ended, nothing is under way.
    /// - Returns: whether a good key ever came on the connection; how long a stranger's next request has to wait if it is here already.
    @discardableResult
    func settle(_ channel: any Channel) -> (isCaller: Bool, pause: TimeAmount?) {
        state.withLock { state in
            guard let number = state.numbers[ObjectIdentifier(channel)] else { return (false, nil) }
            state.lines.set(number, isBusy: false)
            let isCaller = state.lines.isCaller(number)
            let strangers = state.lines.strangers
            guard !isCaller, strangers > ConnectionRegister.fewStrangers else { return (isCaller, nil) }
            return (false, .microseconds(Int64(strangers) * ConnectionRegister.pausePerStranger))
        }
    }

    /// A request begins, something of it came, or its answer has ended.
    func set(_ channel: any Channel, isBusy: Bool) {
        state.withLock { state in
            guard let number = state.numbers[ObjectIdentifier(channel)] else { return }
            state.lines.set(number, isBusy: isBusy)
        }
    }

    /// A good key came on it.
    func vouch(for channel: any Channel) {
        state.withLock { state in
            guard let number = state.numbers[ObjectIdentifier(channel)] else { return }
            state.lines.vouch(number)
        }
    }

    func closed(_ reason: Reason) { metrics.closed(reason) }

    /// Connections now.
    package var count: Int { state.withLock { $0.lines.count } }

    /// So many strangers may send requests ahead as fast as they are answered.
    private static let fewStrangers = 64
    /// Microseconds: all strangers together get 1,000 requests a second that they sent ahead.
    private static let pausePerStranger: Int64 = 1000
    /// So many at a time leave memory behind that is worth giving back.
    private static let crowd = 256

    private func remove(_ number: Int, _ state: inout State) {
        state.lines.remove(number)
        if let channel = state.channels.removeValue(forKey: number) { state.numbers[ObjectIdentifier(channel)] = nil }
    }
}
