import NIOCore
import SyncAPI
import Testing

@testable import SyncClient

/// Feeds `text` in pieces of `size` bytes, so that every state of a reader meets every border.
private func encoded(_ text: String, csv: Bool, size: Int) throws -> (json: String, remarks: [String]) {
    let frame = SyncRequestFrame(tenantID: "t", tenantName: "T", syncedBy: "usersync submit")
    var encoder: any BodyEncoder = csv ? CSVEncoder(frame: frame) : NDJSONEncoder(frame: frame)
    var out: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        try encoder.encode(ByteBuffer(bytes: rest.prefix(size)), into: &out)
        rest = rest.dropFirst(size)
    }
    try encoder.finish(into: &out)
    return (String(decoding: out, as: UTF8.self), encoder.remarks)
}

/// The users alone.
private func users(_ text: String, csv: Bool, size: Int = 7) throws -> String {
    let json = try encoded(text, csv: csv, size: size).json
    let head = #"{"operation":"user_sync","tenant":{"id":"t","name":"T"},"users":["#
    let tail = #"],"metadata":{"syncedBy":"usersync submit"}}"#
    #expect(json.hasPrefix(head) && json.hasSuffix(tail))
    return String(json.dropFirst(head.count).dropLast(tail.count))
}

@Suite("Users from CSV")
struct CSVEncoderTests {
    @Test(
        "quotes, doubled quotes, line ends and separators within quotes, CRLF, a byte order mark, no line end at the end",
        arguments: [1, 2, 3, 64])
    func rules(size: Int) throws {
        let text = "\u{FEFF}email,name,title\r\n\"a@x\",\"A \"\"the\"\" B\",\"x,\ny\"\r\n\r\nb@x,Bé,"
        #expect(
            try users(text, csv: true, size: size)
                == #"{"email":"a@x","name":"A \"the\" B","title":"x,\ny"},{"email":"b@x","name":"Bé"}"#)
    }

    @Test("CR ends a line as CRLF and LF do, and lines are counted alike", arguments: [1, 2, 7, 64])
    func lineEnds(size: Int) throws {
        for end in ["\r", "\n", "\r\n"] {
            let text = ["email,name", "a@x,\"A\r\nB\"", "", "b@x,B", "c@x,C"].joined(separator: end)
            #expect(
                try users(text, csv: true, size: size)
                    == #"{"email":"a@x","name":"A\r\nB"},{"email":"b@x","name":"B"},{"email":"c@x","name":"C"}"#)
            let long = ["email,name", "a@x,A", "", "b@x,B,C"].joined(separator: end)
            #expect { try users(long, csv: true, size: size) } throws: { "\($0)".contains("line 4 has 3 cells") }
        }
    }

    @Test("separators at the end of a row are empty cells, however many", arguments: [1, 5, 64])
    func trailing(size: Int) throws {
        let text = "email,name,,\na@x,A\nb@x,B,,,,\n"
        let result = try encoded(text, csv: true, size: size)
        #expect(result.json.contains(#"[{"email":"a@x","name":"A"},{"email":"b@x","name":"B"}]"#))
        #expect(result.remarks.isEmpty)
        #expect(try encoded("email,name,\na@x,A,1\n", csv: true, size: size).remarks.first?.hasSuffix("(no name)") == true)
    }

    @Test("rows without a value and rows that repeat the header are left out and named by their lines")
    func leftOut() throws {
        let text = ",,\nemail,name,id\n,,\na@x,A,1\n , ,\nemail,name,id\n"
        let result = try encoded(text, csv: true, size: 6)
        #expect(result.json.contains(#"[{"email":"a@x","name":"A","id":"1"}]"#))
        #expect(
            result.remarks == [
                "rows without a value are left out: lines 1, 3, 5", "rows that repeat the header row are left out: line 6",
            ])
        let many = "email,name\n" + String(repeating: ",\n", count: 40)
        #expect(
            try encoded(many, csv: true, size: 64).remarks == [
                "rows without a value are left out: lines 2, 3, 4, 5, 6 and 35 more"
            ])
    }

    @Test("semicolons and tabs separate too", arguments: [";", "\t"])
    func separators(separator: String) throws {
        let text =
            ["email", "name", "department"].joined(separator: separator) + "\n"
            + ["a@x", "A, B", "D"].joined(separator: separator)
        #expect(try users(text, csv: true) == #"{"email":"a@x","name":"A, B","department":"D"}"#)
    }

    @Test("fields have the guide's types")
    func types() throws {
        let text = #"""
            EMAIL,name,isactive,isAdmin,roles,permissions,allowedApplications,id
            a@x,A,TRUE,0,"user; manager;","{""leads"":[""read""]}","[""crm""]",007
            """#
        #expect(
            try users(text, csv: true)
                == #"{"email":"a@x","name":"A","isActive":true,"isAdmin":false,"roles":["user","manager"],"permissions":{"leads":["read"]},"allowedApplications":["crm"],"id":"007"}"#
        )
    }

    @Test("a header row alone is a sync of no users")
    func headerOnly() throws {
        #expect(try users("email,name\n", csv: true).isEmpty)
        #expect(try users("email,name", csv: true).isEmpty)
    }

    @Test("columns that the guide does not know are left out and named")
    func strangers() throws {
        let result = try encoded("email,shoe size,name\na@x,44,A\n", csv: true, size: 5)
        #expect(result.json.contains(#"{"email":"a@x","name":"A"}"#))
        #expect(result.remarks.count == 1 && result.remarks[0].contains("shoe size"))
    }

    @Test(
        "what cannot be read is named by its line",
        arguments: [
            ("email,name\na@x,A\nb@x,B,C\n", "line 3 has 3 cells"),
            ("email,name,isAdmin\na@x,A,perhaps\n", "line 2, isAdmin: must be true or false"),
            ("email,name\n\"a@x,A\n", "line 2: a quote is not closed"),
            ("email,name\n\"a\"b,A\n", "line 2: text after a closing quote"),
            ("email,name,roles\na@x,A,\"[1\"\n", "line 2, roles: the JSON is not whole"),
            ("email,email,name\n", "two columns are called email"),
            ("name\n", "needs the columns email and name"), ("", "needs a header row"),
        ])
    func mistakes(text: String, message: String) {
        #expect {
            try users(text, csv: true)
        } throws: { "\($0)".contains(message) }
    }

    @Test("bytes that are not UTF-8 are refused, not replaced")
    func encoding() {
        var encoder = CSVEncoder(frame: SyncRequestFrame(tenantID: "t", tenantName: "T", syncedBy: "usersync submit"))
        var out: [UInt8] = []
        #expect {
            try encoder.encode(ByteBuffer(bytes: Array("email,name\na@x,J".utf8) + [0xFC] + Array("rg\n".utf8)), into: &out)
        } throws: { "\($0)".contains("line 2, name: the text is not UTF-8") }
    }
}

@Suite("Users from NDJSON")
struct NDJSONEncoderTests {
    @Test("a line a user, blank ones passed over", arguments: [1, 5, 1000])
    func lines(size: Int) throws {
        let text = "\u{FEFF}{\"email\":\"a}\\\"{\",\"x\":[{}]}\r\n\n  {\"email\":\"b\"} \n{}"
        #expect(try users(text, csv: false, size: size) == "{\"email\":\"a}\\\"{\",\"x\":[{}]},{\"email\":\"b\"},{}")
        #expect(try users("", csv: false).isEmpty)
    }

    @Test("CR ends a line as CRLF and LF do, and lines are counted alike", arguments: [1, 2, 7, 64])
    func lineEnds(size: Int) throws {
        for end in ["\r", "\n", "\r\n"] {
            #expect(try users(["{}", "", "{}"].joined(separator: end), csv: false, size: size) == "{},{}")
            #expect {
                try users(["{}", "", "{", "{}"].joined(separator: end), csv: false, size: size)
            } throws: { "\($0)".contains("line 3 is not one whole JSON object") }
        }
    }

    @Test(
        "a line that is not one whole object is named",
        arguments: [
            "{}\n{\"a\":1", "{}\n[]", "{}\n{} {}", "{}\n\"x\"", "{}\n{\"a\":[1}", "{}\n{]", "{}\nnull", "{}\n{\"a\":\"}",
        ])
    func mistakes(text: String) {
        #expect {
            try users(text, csv: false)
        } throws: { "\($0)".contains("line 2 is not one whole JSON object") }
    }
}
