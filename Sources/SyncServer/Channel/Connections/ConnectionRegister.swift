package import Logging
import NIOCore
package import SyncModel
import Synchronization

/// All connections of the server, and the limit on their number. If one more arrives than allowed, a stranger (a connection that
/// has carried no good key) is closed: first those already answered, then the one silent longest. Callers with a key may hold all
/// but a few of the places, so that a probe is answered whatever they hold; beyond that, the caller silent longest goes. A
/// stranger therefore never displaces a caller that is being served.
package final class ConnectionRegister: Sendable {
    /// Why the server closed a connection.
    enum Reason: String, Sendable, CaseIterable {
        /// There were too many.
        case bound
        /// No request came in time.
        case idle
        /// A body arrived too slowly.
        case slow
        /// The caller took nothing of an answer.
        case stalled
        /// More was sent than the server discards.
        case excess
    }

    private struct State {
        var lines = ConnectionLines()
        var channels: [Int: any Channel] = [:]
        var numbers: [ObjectIdentifier: Int] = [:]
        /// The highest number of connections since memory was last given back.
        var peak = 0
        var brake = LogBrake(lines: 1, seconds: 10)
    }

    package let limit: Int
    /// Places of `limit` that callers with a key cannot have.
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

    /// The places that callers with a key cannot have: a thirty-second of `limit`, between 2 and 64.
    static func kept(of limit: Int) -> Int { min(64, max(2, limit / 32)) }

    /// Connections that may be open at once: beyond `limit`, some are being closed or have yet to take their last answer.
    static func most(of limit: Int) -> Int { limit + 2 * kept(of: limit) + 4 }

    /// A connection has arrived; another one may have to go.
    func enter(_ channel: any Channel) {
        let gone = state.withLock { state in
            let isFull = state.lines.staying >= limit
            let gone = isFull ? go(.strangerDone, .strangerIdle, .strangerBusy, .callerIdle, in: &state) : nil
            let number = state.lines.add()
            state.channels[number] = channel
            state.numbers[ObjectIdentifier(channel)] = number
            state.peak = max(state.peak, state.lines.count)
            metrics.count(state.lines.count)
            return gone
        }
        dismiss(gone)
    }

    /// The connections that must make room.
    private struct Gone {
        /// A caller that is being served: it is notified and gets an answer first.
        var told: (any Channel)?
        /// Closed at once: nothing is under way, or there is no time for an answer.
        var closed: (any Channel)?
        /// Callers with a key, and how many closings went unlogged before this one; `nil` if this one is not logged either.
        var line: (withKey: Int, closedBefore: Int)?
    }

    /// Makes the first connection with one of these standings give up its place.
    private func go(_ standings: ConnectionLines.Standing..., in state: inout State) -> Gone? {
        guard let (number, standing) = state.lines.next(of: standings) else { return nil }
        let channel = state.channels[number]
        var gone = Gone()
        if standing == .callerBusy {
            gone.told = channel
            // Those that left before it have had their time.
            if state.lines.count(.leaving) >= kept, let late = state.lines.first(.leaving) {
                gone.closed = state.channels[late]
                remove(late, &state)
            }
            state.lines.dismiss(number)
        } else {
            gone.closed = channel
            remove(number, &state)
        }
        gone.line = state.brake.take(at: clock.now()).map { (state.lines.callers, $0) }
        return gone
    }

    private func dismiss(_ gone: Gone?) {
        guard let gone else { return }
        metrics.closed(.bound)
        if let line = gone.line {
            logger.warning(
                "as many connections as there may be: the one idle longest is closed",
                metadata: [
                    "maxConnections": .stringConvertible(limit), "withKey": .stringConvertible(line.withKey),
                    "closedBefore": .stringConvertible(line.closedBefore),
                ])
        }
        gone.told?.triggerUserOutboundEvent(LeaveEvent(), promise: nil)
        gone.closed?.close(promise: nil)
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

    /// The answer has ended; nothing is under way.
    /// - Returns: whether a good key ever came on the connection; how long a stranger's next request must wait if already here.
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

    /// It has been answered; whatever it still sends is discarded. It goes before those whose request may be on its way.
    func finish(_ channel: any Channel) {
        state.withLock { state in
            guard let number = state.numbers[ObjectIdentifier(channel)] else { return }
            state.lines.finish(number)
        }
    }

    /// A request begins, part of one has arrived, or its answer has ended.
    func set(_ channel: any Channel, isBusy: Bool) {
        state.withLock { state in
            guard let number = state.numbers[ObjectIdentifier(channel)] else { return }
            state.lines.set(number, isBusy: isBusy)
        }
    }

    /// A good key came on it; another caller may have to go.
    func vouch(for channel: any Channel) {
        let gone = state.withLock { state -> Gone? in
            guard let number = state.numbers[ObjectIdentifier(channel)] else { return nil }
            state.lines.vouch(number)
            // It is last in its queue: if it is also the first, there are no others.
            guard state.lines.callers > max(1, limit - kept), state.lines.next(of: [.callerIdle, .callerBusy])?.number != number
            else {
                return nil
            }
            return go(.callerIdle, .callerBusy, in: &state)
        }
        dismiss(gone)
    }

    func closed(_ reason: Reason) { metrics.closed(reason) }

    /// Connections now.
    package var count: Int { state.withLock { $0.lines.count } }

    /// Up to this number, strangers may pipeline requests as fast as they are answered.
    private static let fewStrangers = 64
    /// Microseconds per stranger: all strangers together get 1,000 pipelined requests per second.
    private static let pausePerStranger: Int64 = 1000
    /// From this number on, connections leave behind enough memory to be worth giving back.
    private static let crowd = 256

    private func remove(_ number: Int, _ state: inout State) {
        state.lines.remove(number)
        if let channel = state.channels.removeValue(forKey: number) { state.numbers[ObjectIdentifier(channel)] = nil }
    }
}
