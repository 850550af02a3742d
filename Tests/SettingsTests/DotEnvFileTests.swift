import Settings
import Testing

@Suite(".env")
struct DotEnvFileTests {
    private func values(_ text: String) throws -> [String: String] { try DotEnvFile(text, path: ".env").values }

    @Test("names, values, comments, quotes and both kinds of line end")
    func reads() throws {
        let text =
            "\u{FEFF}# a comment\r\n\r\nA=1\r\nexport B = two words \nC=\"quoted # here\" # there\nD='single'\nE=a#b\nF=a #b\nG=\nH=x=y=\nA=2\nI= # c\nJ=\t# c\nK=x\t#c\nL=#x\nM=a#b\t # c # d\nN= #"
        #expect(
            try values(text) == [
                "A": "2", "B": "two words", "C": "quoted # here", "D": "single", "E": "a#b", "F": "a", "G": "", "H": "x=y=",
                "I": "",
                "J": "", "K": "x", "L": "#x", "M": "a#b", "N": "",
            ])
    }

    @Test("a mark that joins what stands before it hides no quote, no comment and no equals sign")
    func joined() throws {
        let joiner = "\u{200D}\u{301}"
        let read = try values("A=\"\(joiner)x\(joiner)\" #\(joiner) c\nB=\(joiner)y #\(joiner)\nC=z\(joiner)\n#\(joiner)=1")
        #expect(
            read.mapValues { Array($0.utf8) } == [
                "A": Array("\(joiner)x\(joiner)".utf8), "B": Array("\(joiner)y".utf8), "C": Array("z\(joiner)".utf8),
            ])
    }

    @Test(
        "a line that is none stops, named by its number and without its value",
        arguments: [
            "A=1\nsecret-value\n", "A=1\n=secret-value\n", "A=1\nB C=secret-value\n", "A=1\nB=\"secret-value\n",
            "A=1\nB='secret'-value\n",
        ])
    func refuses(text: String) {
        #expect {
            try values(text)
        } throws: { error in
            "\(error)".contains(".env, line 2") && !"\(error)".contains("secret")
        }
    }
}
