import Testing

@testable import SyncClient

@Suite("The format of a file of users")
struct UserFileFormatTests {
    private static let user = #"{"email":"a@x","name":"A"}"#
    private static let request = #"{"operation":"user_sync","users":[{"email":"a@x"}]}"#

    private func tell(_ text: String, _ path: String, isWhole: Bool = true) -> UserFileFormat? {
        UserFileFormat.tell(head: Array(text.utf8), isWhole: isWhole, path: path)
    }

    @Test("is told by what is in it, whatever it is called", arguments: ["x", "x.json", "x.ndjson", "x.csv", "x.csv.gz"])
    func content(path: String) {
        #expect(tell("\(Self.user)\n\(Self.user)\n", path) == .ndjson)
        #expect(tell("\n \(Self.user)\n", path) == .ndjson)
        #expect(tell("\(Self.user)\r\(Self.user)", path) == .ndjson)
        #expect(tell(Self.request, path) == .json)
        #expect(tell(" [\(Self.user)]", path) == .json)
        #expect(tell("name,Email\nA,a@x\n", path) == .csv)
    }

    @Test("is that of its name where the content leaves it open or is broken")
    func name() {
        #expect(tell("{", "x.ndjson") == .ndjson && tell("{", "x.json") == .json && tell("{", "x") == .json)
        #expect(tell("{}", "x.jsonl.gz") == .ndjson && tell("{}", "x.json") == .json)
        #expect(tell("oops", "x.json") == .json && tell("oops", "x.ndjson") == .ndjson && tell("oops", "x.tsv") == .csv)
        #expect(tell(" \n", "x.csv") == .csv)
    }

    @Test("is not told before enough of it is there")
    func more() {
        for head in ["", " ", "{", #"{"email":"#, Self.user, Self.user + "\n"] {
            #expect(tell(head, "x.json", isWhole: false) == nil)
        }
        #expect(tell(Self.user + "{", "x", isWhole: false) == .ndjson)
        let long = "{" + String(repeating: " ", count: UserFileFormat.tellingBytes)
        #expect(tell(long, "x", isWhole: false) == .json)
    }
}
