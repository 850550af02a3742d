import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("The time by which deliveries become due")
struct DueTimeTests {
    @Test("follows the machine's clock, but not back")
    func setBack() {
        let clock = ManualClock()
        let setBack = Shared<Double>(0)
        var due = DueTime(wall: WallClock { clock.timestamp.advanced(bySeconds: -setBack.value) }, clock: clock)
        clock.advance(by: .seconds(10))
        #expect(due.now() == clock.timestamp)
        setBack.value = 3600
        clock.advance(by: .seconds(10))
        #expect(due.now() == clock.timestamp, "it goes on")
        setBack.value = -3600
        #expect(due.now() == clock.timestamp.advanced(bySeconds: 3600))
    }

    @Test("a process that is held up while it reads the clock does not count that time twice", arguments: [true, false])
    func heldUp(beforeReading: Bool) {
        let clock = ManualClock()
        let isHeldUp = Shared(false)
        let wall = WallClock {
            if isHeldUp.value, beforeReading { clock.advance(by: .seconds(30)) }
            defer { if isHeldUp.value, !beforeReading { clock.advance(by: .seconds(30)) } }
            return clock.timestamp
        }
        var due = DueTime(wall: wall, clock: clock)
        isHeldUp.value = true
        _ = due.now()
        isHeldUp.value = false
        #expect(due.now() == clock.timestamp)
    }
}
