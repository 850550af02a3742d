import SyncModel
import TestSupport
import Testing

@Suite("Job ids")
struct JobIDTests {
    @Test("a new id is a UUID of version 7 that holds its moment")
    func layout() throws {
        var random = SeededGenerator(seed: 7)
        let id = JobID(now: Timestamp(microseconds: 0x0123_4567_89AB * 1000 + 999), random: &random)
        #expect(id.text.hasPrefix("01234567-89ab-7"))
        #expect(id.text.count == 36)
        #expect("89ab".contains(id.text[id.text.index(id.text.startIndex, offsetBy: 19)]))
        #expect(JobID(id.text) == id)
        #expect(JobID(id.text.uppercased()) == id)
        #expect("\(id)" == id.text)
    }

    @Test("ids of one millisecond sort by their microsecond, those of one microsecond as they were made")
    func withinAMillisecond() {
        let start: Int64 = 1_755_597_600_000_000
        let ids = (0..<1000).map { JobID(now: Timestamp(microseconds: start + $0)).text }
        #expect(ids == ids.sorted() && Set(ids.map { $0.prefix(13) }).count == 1)
        let same = (0..<10_000).map { _ in JobID(now: Timestamp(microseconds: start)).text }
        #expect(same == same.sorted() && Set(same).count == same.count)
        #expect(same.allSatisfy { JobID($0) != nil && $0.utf8.dropFirst(14).first == UInt8(ascii: "7") })
    }

    @Test("ids of different milliseconds sort by time, those of one differ")
    func order() {
        var ids: [String] = []
        for ms in 0..<500 { ids.append(JobID(now: Timestamp(microseconds: 1_755_597_600_000_000 + Int64(ms) * 1000)).text) }
        #expect(ids == ids.sorted())
        let same = Set((0..<1000).map { _ in JobID(now: Timestamp(microseconds: 0)) })
        #expect(same.count == 1000)
        #expect(JobID(now: Timestamp(microseconds: -5)).text.hasPrefix("00000000-0000-7"))
    }

    @Test(
        "what is no UUID is no id",
        arguments: [
            "", "0123456789ab7def8123456789abcdef", "01234567-89ab-7def-8123-456789abcde",
            "01234567-89ab-7def-8123-456789abcdefa",
            "01234567-89ab-7def-8123_456789abcdef", "g1234567-89ab-7def-8123-456789abcdef",
            "01234567-89ab-7def-8123-456789abcde\u{E9}",
            "{1234567-89ab-7def-8123-456789abcdef", "01234567-89ab-7def-8123-456789abcd' ",
        ])
    func refused(_ text: String) {
        #expect(JobID(text) == nil)
    }
}
