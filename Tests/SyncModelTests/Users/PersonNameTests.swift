import SyncModel
import Testing

@Suite("A person's name")
struct PersonNameTests {
    private static func isNone(_ name: String) -> Bool { Array(name.utf8).withUnsafeBytes { PersonName.isNone($0) } }

    @Test(
        "says nothing if it is blank or only the words for what is missing",
        arguments: [
            "", " ", "\t \r\n", "undefined", "null", "undefined undefined", "null null", "  null   undefined ", "undefined\tnull",
            "\u{A0}", "\u{3000}null\u{2003}", "\u{FEFF}", "\u{FEFF}undefined\u{2028}",
        ])
    func none(name: String) {
        #expect(Self.isNone(name))
    }

    @Test(
        "says something otherwise, whatever words are in it",
        arguments: [
            "Ann", "Bob undefined", "null Bob", "Null", "NULL", "Undefined", "nullundefined", "nulls", "undefine", "unnull",
            "null-null", "n", "u", "é", "null é", "null\u{301}", ".", "😀", "\u{7F}", "\u{1}",
            "\u{200B}", "\u{FFFF}", "null\u{200B}",
        ])
    func some(name: String) {
        #expect(!Self.isNone(name))
    }

    @Test("is joined from its parts by single spaces, without those that are empty")
    func joined() {
        #expect(PersonName.joined(["Bob", "Builder Junior"]) == "Bob Builder Junior")
        #expect(PersonName.joined(["Bob", ""]) == "Bob" && PersonName.joined([nil, "Bob"]) == "Bob")
        #expect(PersonName.joined(["Bob", " Builder"]) == "Bob  Builder", "as it was before it was split")
        let none: [[String?]] = [
            [], [nil, nil], ["", ""], [" ", ""], ["undefined", "undefined"], ["null", nil], ["null", "undefined null"],
        ]
        for parts in none {
            #expect(PersonName.joined(parts) == nil, "\(parts)")
        }
    }

    @Test("is the local part of the email where there is none")
    func localPart() {
        for (email, name) in [("Bob.B@x.example", "Bob.B"), ("\"a@b\"@x.example", "\"a@b\""), ("none", "none"), ("@x", "")] {
            Array(email.utf8).withUnsafeBytes { email in
                #expect(String(decoding: PersonName.localPart(of: email), as: UTF8.self) == name)
            }
        }
    }

    @Test("has a warning that counts the users without one")
    func warning() {
        let rest = #" a name that is blank, "undefined" or "null": existing users keep theirs, new ones are named by their email"#
        #expect(PersonName.warning(count: 1) == "1 user has" + rest)
        #expect(PersonName.warning(count: 20) == "20 users have" + rest)
    }
}
