import UserDirectory

/// The text of a CREATE TABLE, parsed far enough to rename the table and remove a UNIQUE from it. Everything else, comments
/// included, stays as written.
struct CreateTableStatement {
    private(set) var text: String
    private var tokens: [Token]
    private let name: Range<Int>
    /// The opening parenthesis of the definitions.
    private let opening: Int

    private struct Token {
        /// Lower-case, without its quotes.
        var word: String
        var isBare: Bool
        var range: Range<String.Index>
    }

    /// `nil` for any other statement.
    init?(_ text: String) {
        self.text = text
        tokens = Self.tokens(of: text)
        guard let table = tokens.firstIndex(where: { $0.isBare && $0.word == "table" }), tokens.first?.word == "create",
            let opening = tokens.firstIndex(where: { $0.isBare && $0.word == "(" })
        else { return nil }
        var start = table + 1
        if start + 2 < opening, tokens[start].isBare, tokens[start].word == "if" { start += 3 }
        guard start < opening else { return nil }
        name = start..<opening
        self.opening = opening
    }

    /// Renames the table. Call it last: it shifts positions in the text.
    mutating func rename(to new: String) {
        text.replaceSubrange(tokens[name.lowerBound].range.lowerBound..<tokens[name.upperBound - 1].range.upperBound, with: new)
    }

    /// Removes `UNIQUE` at the column and `UNIQUE (column)` at the end, with a constraint's name and conflict clause.
    /// False if there is none.
    mutating func removeUnique(on column: String) -> Bool {
        var found = false
        while let range = uniqueRange(on: column) {
            text.replaceSubrange(range, with: " ")
            guard let shorter = CreateTableStatement(text) else { return false }
            self = shorter
            found = true
        }
        return found
    }

    private func uniqueRange(on column: String) -> Range<String.Index>? {
        var depth = 0
        var start = opening + 1
        for at in tokens.indices.dropFirst(opening) {
            let token = tokens[at]
            guard token.isBare else { continue }
            switch token.word {
            case "(": depth += 1
            case ")":
                depth -= 1
                if depth == 0 { return nil }
            case "," where depth == 1:
                start = at + 1
            case "unique" where depth == 1:
                let isOfColumn = word(start) == column && !isConstraintWord(tokens[start])
                if isOfColumn, word(at + 1) != "(" { return range(of: at, last: at, from: start, wholeDefinition: false) }
                guard word(at + 1) == "(", word(at + 2) == column,
                    let closing = tokens[(at + 2)...].firstIndex(where: { $0.isBare && $0.word == ")" }),
                    !tokens[(at + 2)..<closing].contains(where: { $0.isBare && $0.word == "," })
                else { continue }
                return range(of: at, last: closing, from: start, wholeDefinition: true)
            default: continue
            }
        }
        return nil
    }

    /// The constraint from its name, if any, to its conflict clause, if any; with a comma if nothing else is between commas.
    private func range(of unique: Int, last: Int, from start: Int, wholeDefinition: Bool) -> Range<String.Index> {
        var first = unique
        var last = last
        if first - 2 >= start, tokens[first - 2].isBare, tokens[first - 2].word == "constraint" { first -= 2 }
        if last + 3 < tokens.count, tokens[last + 1].word == "on", tokens[last + 2].word == "conflict" { last += 3 }
        if wholeDefinition, first == start, [",", ")"].contains(word(last + 1)), word(first - 1) == "," {
            first -= 1
        }
        return tokens[first].range.lowerBound..<tokens[last].range.upperBound
    }

    /// A token's word; empty beyond the ends of the statement, where no valid statement has one.
    private func word(_ at: Int) -> String { tokens.indices.contains(at) ? tokens[at].word : "" }

    private func isConstraintWord(_ token: Token) -> Bool {
        token.isBare && ["constraint", "primary", "unique", "check", "foreign"].contains(token.word)
    }

    // MARK: Tokens (https://www.sqlite.org/lang.html: names, strings, comments)

    private static func tokens(of text: String) -> [Token] {
        var tokens: [Token] = []
        var at = text.startIndex
        while at < text.endIndex {
            let start = at
            let c = text[at]
            if c.isWhitespace {
                at = text.index(after: at)
            } else if text[at...].hasPrefix("--") {
                while at < text.endIndex, !text[at].isNewline { at = text.index(after: at) }
            } else if text[at...].hasPrefix("/*") {
                at = text.index(at, offsetBy: 2)
                while at < text.endIndex, !text[at...].hasPrefix("*/") { at = text.index(after: at) }
                at = text.index(at, offsetBy: 2, limitedBy: text.endIndex) ?? text.endIndex
            } else if let close = ["\"": "\"", "`": "`", "[": "]", "'": "'"][c] {
                var word = ""
                at = text.index(after: at)
                while at < text.endIndex {
                    let next = text.index(after: at)
                    if String(text[at]) == close {
                        // A doubled quote is a literal one.
                        guard close != "]", next < text.endIndex, String(text[next]) == close else {
                            at = next
                            break
                        }
                        at = next
                    }
                    word.append(text[at])
                    at = text.index(after: at)
                }
                tokens.append(Token(word: word.lowercased(), isBare: false, range: start..<at))
            } else if c.isLetter || c.isNumber || c == "_" || c == "$" {
                while at < text.endIndex, text[at].isLetter || text[at].isNumber || text[at] == "_" || text[at] == "$" {
                    at = text.index(after: at)
                }
                tokens.append(Token(word: text[start..<at].lowercased(), isBare: true, range: start..<at))
            } else {
                at = text.index(after: at)
                tokens.append(Token(word: String(c), isBare: true, range: start..<at))
            }
        }
        return tokens
    }
}
