import SyncModel
import TestSupport
import Testing

@Suite("A body may arrive in any parts")
struct SyncRequestCutTests {
    @Test("cut in two at every byte it says the same")
    func twoParts() {
        for body in SampleBodies.all {
            for validation in ValidationMode.allCases {
                let whole = Reading.of(body, validation: validation)
                for cut in 0...body.count {
                    let parts = Reading.of(body, cuts: [cut], validation: validation)
                    guard parts != whole else { continue }
                    Issue.record("\(String(decoding: body, as: UTF8.self)) cut at \(cut): \(parts) instead of \(whole)")
                    break
                }
            }
        }
    }

    @Test("byte by byte, and in parts of every small size, it says the same")
    func bytewise() {
        for body in SampleBodies.all {
            let whole = Reading.of(body)
            for size in [1, 2, 3, 5, 7, 64, 100] {
                let parts = Reading.of(body, cuts: Array(stride(from: size, to: body.count, by: size)))
                #expect(parts == whole, "\(String(decoding: body, as: UTF8.self)) in parts of \(size)")
            }
        }
    }

    @Test("whatever bytes are changed, it neither crashes nor depends on the cuts")
    func mutations() {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed of the changed bodies: \(seed)")
        var random = SeededGenerator(seed: seed)
        let bodies = SampleBodies.all
        let alphabet = Array(#"{}[]:,"\u0eE+-.tfn1 "#.utf8) + [0x00, 0x1F, 0x80, 0xC3, 0xED, 0xF4, 0xFF]
        for round in 0..<4000 {
            var body = bodies.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &random) where !body.isEmpty {
                let at = body.indices.randomElement(using: &random) ?? 0
                switch Int.random(in: 0..<5, using: &random) {
                case 0: body[at] = UInt8.random(in: 0 ... .max, using: &random)
                case 1: body[at] = alphabet.randomElement(using: &random) ?? 0
                case 2: body.remove(at: at)
                case 3: body.insert(alphabet.randomElement(using: &random) ?? 0, at: at)
                default: body.removeSubrange(at..<min(body.count, at + Int.random(in: 1...9, using: &random)))
                }
            }
            let validation = round.isMultiple(of: 2) ? ValidationMode.reject : .perUser
            let whole = Reading.of(body, validation: validation)
            let cuts = (0..<Int.random(in: 1...6, using: &random)).map { _ in Int.random(in: 0...body.count, using: &random) }
                .sorted()
            for cuts in [cuts, Array(0..<body.count)] {
                let parts = Reading.of(body, cuts: cuts, validation: validation)
                guard parts != whole else { continue }
                Issue.record("seed \(seed), round \(round), \(body) cut at \(cuts): \(parts) instead of \(whole)")
                return
            }
        }
    }

    @Test("members that are not known may have any size and are still read strictly")
    func hugeUnknown() {
        let long = String(repeating: #"é\u00e9\ud83d\ude00 12345 "#, count: 5000)
        let many = String(repeating: #"{"a":[1.5,true,null,"x\n"]}, "#, count: 5000) + "0"
        let digits = String(repeating: "7", count: 150_000)
        let key = String(repeating: "k", count: 150_000)
        // What is wrong at the end of each, and how many bytes later it is known to be wrong: a digit is missed after the point.
        let parts: [(before: String, huge: String, wrong: String, later: Int)] = [
            (#"{"s":""#, long, "\u{1}", 0), (#"","a":["#, many, "}", 0), (#"],"n":"#, digits, ".", 1), (#",""#, key, "\u{2}", 0),
        ]
        let rest = #"":{},"operation":"user_sync","tenant":{"id":"t","name":"T"},"users":[\#(user())]}"#
        func reading(_ body: String, by size: Int) -> Reading {
            let bytes = Array(body.utf8)
            return Reading.of(bytes, cuts: Array(stride(from: size, to: bytes.count, by: size)))
        }
        for size in [1_000_000, 65_536, 4096, 113] {
            let good = reading(parts.map { $0.before + $0.huge }.joined() + rest, by: size)
            #expect(good.records.count == 1)
            #expect(good.envelope?.warnings.count == 4)
            #expect(good.envelope?.warnings.last == "Unknown key \"\(String(repeating: "k", count: 64))…\" was ignored")
            for broken in parts.indices {
                let start = parts[...broken].map { $0.before + $0.huge }.joined()
                let end = parts[(broken + 1)...].map { $0.before + $0.huge }.joined() + rest
                let bad = reading(start + parts[broken].wrong + end, by: size)
                #expect(bad.syntaxError?.offset == start.utf8.count + parts[broken].later)
            }
        }
    }

    @Test("a value may take 64 KiB of JSON and no more, however it arrives")
    func limits() {
        func padded(_ object: String, to size: Int) -> String {
            object.dropLast() + String(repeating: " ", count: size - object.utf8.count) + "}"
        }
        let tenant = #"{"id":"t","name":"T"}"#
        let metadata = #"{"syncType":"full"}"#
        func body(user userSize: Int = 100, tenant tenantSize: Int = 100, metadata metadataSize: Int = 100) -> [UInt8] {
            let users = user() + "," + padded(user(), to: userSize) + "," + user()
            let members = [
                #""operation":"user_sync""#, #""tenant":\#(padded(tenant, to: tenantSize))"#, #""users":[\#(users)]"#,
                #""metadata":\#(padded(metadata, to: metadataSize))"#,
            ]
            return Array("{\(members.joined(separator: ","))}".utf8)
        }
        for size in [1, 77, 4096, 65_535, 65_536, 1_000_000] {
            func reading(_ body: [UInt8], _ validation: ValidationMode = .reject) -> Reading {
                Reading.of(body, cuts: Array(stride(from: size, to: body.count, by: size)), validation: validation)
            }
            #expect(reading(body(user: 65_536, tenant: 65_536, metadata: 65_536)).envelope?.totalUsers == 3)
            #expect(
                reading(body(user: 65_537)).violations?.first == [
                    Violation(
                        path: [.key("users"), .index(1)], message: "\"users[1]\" must not be larger than 65536 bytes of JSON",
                        type: "object.size")
                ])
            #expect(reading(body(tenant: 65_537)).violations?.first.map(\.path) == [[.key("tenant")]])
            #expect(reading(body(metadata: 65_537)).violations?.first.map(\.path) == [[.key("metadata")]])
            let records = reading(body(user: 300_000), .perUser).records
            #expect(records.map(\.index) == [0, 1, 2])
            #expect(records.map { $0.texts[.problem] } == [nil, "\"users[1]\" must not be larger than 65536 bytes of JSON", nil])
        }
        let long = #"{"operation":"\#(String(repeating: "x", count: 70_000))"}"#
        #expect(Reading.of(long).violations?.first.first?.message == "\"operation\" must be [user_sync]")
    }
}
