import Testing
import UserDirectoryConformance

@testable import UserDirectorySQLite

@Suite("UNIQUE is taken out of a CREATE TABLE, and nothing else")
struct CreateTableStatementTests {
    @Test(arguments: [
        ("CREATE TABLE users(id INT, email TEXT UNIQUE, x)", "CREATE TABLE n(id INT, email TEXT  , x)"),
        ("CREATE TABLE users(id INT, email TEXT UNIQUE)", "CREATE TABLE n(id INT, email TEXT  )"),
        (
            "create table \"users\" (email text constraint c unique on conflict fail not null)",
            "create table n (email text   not null)"
        ),
        ("CREATE TABLE users(email TEXT, UNIQUE(email))", "CREATE TABLE n(email TEXT )"),
        ("CREATE TABLE users(email TEXT, UNIQUE(email), CHECK(1))", "CREATE TABLE n(email TEXT , CHECK(1))"),
        (
            "CREATE TABLE users(email TEXT, CONSTRAINT u UNIQUE([Email] COLLATE NOCASE) CHECK(1))",
            "CREATE TABLE n(email TEXT,   CHECK(1))"
        ),
        (
            "CREATE TABLE users(email TEXT UNIQUE DEFAULT 'UNIQUE (', -- UNIQUE\n x TEXT UNIQUE /* , */, UNIQUE (email, x))",
            "CREATE TABLE n(email TEXT   DEFAULT 'UNIQUE (', -- UNIQUE\n x TEXT UNIQUE /* , */, UNIQUE (email, x))"
        ),
        ("CREATE TABLE users(email TEXT UNIQUE, UNIQUE(email))", "CREATE TABLE n(email TEXT  )"),
        (
            "CREATE TABLE users(\"unique\" TEXT, email TEXT CHECK(email <> ')') UNIQUE)",
            "CREATE TABLE n(\"unique\" TEXT, email TEXT CHECK(email <> ')')  )"
        ),
    ])
    func removes(sql: String, expected: String) throws {
        var statement = try #require(CreateTableStatement(sql))
        let found = statement.removeUnique(on: "email")
        #expect(found)
        statement.rename(to: "n")
        #expect(words(statement.text) == words(expected))
    }

    private func words(_ text: String) -> [Substring] {
        text.replacing(",", with: " , ").replacing(")", with: " ) ").split(separator: " ")
    }

    @Test(
        "no UNIQUE on the email, and what is no CREATE TABLE",
        arguments: [
            "CREATE TABLE users(email TEXT, x UNIQUE)", "CREATE TABLE users(email TEXT, UNIQUE(email, x))",
            "CREATE TABLE users(x UNIQUE, UNIQUE(x))",
        ])
    func none(sql: String) throws {
        var statement = try #require(CreateTableStatement(sql))
        let found = statement.removeUnique(on: "email")
        #expect(!found)
        #expect(statement.text == sql)
        #expect(CreateTableStatement("CREATE INDEX i ON users(email)") == nil)
    }
}
