import Testing

import UsersyncApp
@testable import SyncServer

@Suite("Which connection has to go")
struct ConnectionLinesTests {
    private static let strangers = [ConnectionLines.Standing.strangerDone, .strangerIdle, .strangerBusy]
    private static let callers = [ConnectionLines.Standing.callerIdle, .callerBusy]

    @Test("the one idle longest, strangers before callers, those that are served last")
    func order() {
        var lines = ConnectionLines()
        let numbers = (0..<6).map { _ in lines.add() }
        lines.vouch(numbers[0])
        lines.set(numbers[1], isBusy: true)
        lines.vouch(numbers[2])
        lines.set(numbers[2], isBusy: true)
        // 3 was served meanwhile: it stands behind 4 and 5.
        lines.set(numbers[3], isBusy: true)
        lines.set(numbers[3], isBusy: false)
        // 1 was answered and goes on sending.
        lines.set(numbers[5], isBusy: true)
        lines.finish(numbers[1])
        var gone: [Int] = []
        while let next = lines.next(of: Self.strangers + Self.callers) {
            gone.append(next.number)
            lines.remove(next.number)
        }
        #expect(gone == [1, 4, 3, 5, 0, 2].map { numbers[$0] })
        #expect(lines.count == 0)
    }

    @Test("of the callers the one silent longest; who is told to go is gone, whatever comes of it")
    func callers() {
        var lines = ConnectionLines()
        let numbers = (0..<5).map { _ in lines.add() }
        for number in numbers.prefix(4) { lines.vouch(number) }
        for number in numbers.prefix(3) { lines.set(number, isBusy: true) }
        // Something more of 0 came: it stands behind 1 and 2.
        lines.set(numbers[0], isBusy: true)
        var gone: [Int] = []
        while let next = lines.next(of: Self.callers + Self.strangers) {
            gone.append(next.number)
            lines.dismiss(next.number)
            // Told to go is told to go, whatever comes of it.
            lines.set(next.number, isBusy: true)
            lines.vouch(next.number)
        }
        #expect(gone == [3, 1, 2, 0, 4].map { numbers[$0] })
        #expect(lines.staying == 0 && lines.count == 5 && lines.first(.leaving) == numbers[3])
    }

    @Test("agrees with a plain list, whatever happens in whatever order")
    func reference() {
        struct Plain { var number: Int, isCaller = false, isBusy = false }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<50 {
            var lines = ConnectionLines()
            var all: [Plain] = []
            func longest() -> Int? {
                for (isCaller, isBusy) in [(false, false), (false, true), (true, false), (true, true)] {
                    if let first = all.first(where: { $0.isCaller == isCaller && $0.isBusy == isBusy }) { return first.number }
                }
                return nil
            }
            for _ in 0..<400 {
                let at = all.isEmpty ? nil : Int.random(in: 0..<all.count, using: &random)
                switch (Int.random(in: 0..<5, using: &random), at) {
                case (0, let at?), (1, let at?):
                    var one = all.remove(at: at)
                    one.isBusy = Bool.random(using: &random)
                    all.append(one)
                    lines.set(one.number, isBusy: one.isBusy)
                case (2, let at?) where !all[at].isCaller:
                    var one = all.remove(at: at)
                    one.isCaller = true
                    all.append(one)
                    lines.vouch(one.number)
                case (3, let at?):
                    lines.remove(all[at].number)
                    all.remove(at: at)
                default: all.append(Plain(number: lines.add()))
                }
                #expect(lines.count == all.count && lines.next(of: Self.strangers + Self.callers)?.number == longest())
                #expect(lines.callers == all.count { $0.isCaller })
            }
        }
    }
}
