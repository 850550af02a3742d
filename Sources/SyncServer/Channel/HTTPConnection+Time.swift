import NIOCore

/// What a connection waits for, and until when. One timer serves all waits: a request moves the deadline, not the timer.
struct ConnectionAlarm {
    enum Wait: Equatable {
        case head
        /// Bytes received when the wait began.
        case body(received: Int)
        case discard
    }

    var wait: Wait?
    var deadline = NIODeadline.distantFuture
    var timer: Scheduled<Void>?
    var timerAt = NIODeadline.distantFuture
}

/// How long the caller has taken nothing of an answer.
struct WriteStall {
    /// Checks without progress after which the connection is closed.
    static let looks = 3

    var timer: Scheduled<Void>?
    private var pending = 0
    private var looks = 0

    /// - Parameter pending: bytes that the socket has not taken.
    /// - Returns: whether that has been unchanged for too long.
    mutating func isTooLong(pending: Int) -> Bool {
        looks = pending == self.pending ? looks + 1 : 0
        self.pending = pending
        return looks >= WriteStall.looks
    }

    /// A new wait begins.
    mutating func begin(pending: Int) { (self.pending, looks) = (pending, 0) }
}

extension HTTPConnection {
    func setAlarm(_ wait: ConnectionAlarm.Wait, in time: TimeAmount, _ context: ChannelHandlerContext) {
        alarm.wait = wait
        alarm.deadline = context.eventLoop.now + time
        guard alarm.timer == nil || alarm.deadline < alarm.timerAt else { return }
        alarm.timer?.cancel()
        schedule(context)
    }

    func clearAlarm() { alarm.wait = nil }

    func cancelTimers() {
        alarm.timer?.cancel()
        alarm.timer = nil
        alarm.wait = nil
        stall.timer?.cancel()
        stall.timer = nil
        pause?.cancel()
        pause = nil
    }

    /// Delays a stranger's pipelined requests: a crowd of strangers shares the time that is left instead of taking it.
    func wait(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        pause = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
            self.pause = nil
            self.pump(context)
            context.fireChannelReadComplete()
        }
    }

    private func schedule(_ context: ChannelHandlerContext) {
        alarm.timerAt = alarm.deadline
        alarm.timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: alarm.deadline) { self.ring(context) }
    }

    private func ring(_ context: ChannelHandlerContext) {
        alarm.timer = nil
        guard let wait = alarm.wait else { return }
        guard alarm.deadline <= context.eventLoop.now else { return schedule(context) }
        switch wait {
        case .head: close(.idle, context)
        case .discard: context.close(promise: nil)
        case .body(let before):
            // A body that waits for us does not count as slow: nothing is being read from the socket then.
            if received - before < limits.progressBytes, isReading, !state.awaitsContinue {
                close(.slow, context)
            } else {
                setAlarm(.body(received: received), in: limits.progressTime, context)
            }
        }
    }

    /// Watches an answer that the socket does not take whole.
    func watchWrites(_ context: ChannelHandlerContext) {
        guard stall.timer == nil, case let pending = pendingWrites(context), pending > 0 else { return }
        stall.begin(pending: pending)
        lookAtWrites(context)
    }

    private func lookAtWrites(_ context: ChannelHandlerContext) {
        let pause = TimeAmount.nanoseconds(limits.writeTime.nanoseconds / Int64(WriteStall.looks))
        stall.timer = context.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            self.stall.timer = nil
            let pending = self.pendingWrites(context)
            guard pending > 0 else { return }
            if self.stall.isTooLong(pending: pending) { self.close(.stalled, context) } else { self.lookAtWrites(context) }
        }
    }

    func pendingWrites(_ context: ChannelHandlerContext) -> Int {
        // Test channels lack this option; nothing is ever pending there.
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}
