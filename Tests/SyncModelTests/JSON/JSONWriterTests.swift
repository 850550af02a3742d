import Foundation
import SyncModel
import Testing

@Suite("JSON, as it is written")
struct JSONWriterTests {
    private func written(_ text: String) -> String {
        var json = JSONWriter()
        json.string(text)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    @Test("what must be escaped is, wherever in a text it is, and nothing else")
    func escapes() throws {
        for scalar in (UInt32(0)...0x2FF).compactMap(Unicode.Scalar.init) {
            for before in 0..<18 {
                let plain = String(repeating: "a", count: before)
                let text = "\(plain)\(scalar)\u{7F}é!\(scalar)"
                let json = written(text)
                #expect(try JSONDecoder().decode(String.self, from: Data(json.utf8)) == text)
                let isEscaped = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
                #expect(json.contains("\\") == isEscaped && json.hasPrefix("\"\(plain)"))
            }
        }
    }

    @Test("a member's value may fail, and what was written before stays")
    func failure() {
        struct Odd: Error {}
        var json = JSONWriter()
        #expect(throws: Odd.self) { try json.object { try $0.member(named: "a") { _ in throw Odd() } } }
        json.removeAll()
        json.bool(true)
        #expect(json.bytes == Array("true".utf8))
    }
}
