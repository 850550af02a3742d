import Testing

@testable import PostgreSQLSupport

@Suite("URLs of PostgreSQL")
struct URLTests {
    private func parameters(_ text: String) throws -> [String: String] {
        try PostgresURL(text, applicationName: "usersync/1").parameters
    }

    @Test("what the URL says is kept, what it does not is ours; nothing is in options")
    func parameters() throws {
        let plain = try parameters("postgres://u:p%40ss@db.example:5433/crm")
        #expect(plain["user"] == "u" && plain["password"] == "p@ss" && plain["host"] == "db.example" && plain["dbname"] == "crm")
        #expect(
            plain["application_name"] == "usersync/1" && plain["client_encoding"] == "UTF8"
                && plain["tcp_user_timeout"] == "30000")
        #expect(plain["keepalives_idle"] == "30" && plain["gssencmode"] == "disable" && plain["connect_timeout"] == "10")
        #expect(plain["options"] == nil && plain["target_session_attrs"] == nil && plain["sslmode"] == nil)
        let theirs = try parameters("postgresql://db/crm?application_name=crm&connect_timeout=3&sslmode=verify-full")
        #expect(theirs["application_name"] == "crm" && theirs["connect_timeout"] == "3" && theirs["sslmode"] == "verify-full")
    }

    @Test("of several hosts the one that takes writes is looked for, one after the other")
    func hosts() throws {
        let url = try PostgresURL("postgres://u@a:1,b:2/crm", applicationName: "")
        #expect(url.parameters["target_session_attrs"] == "read-write")
        #expect(url.attempts.map { $0["host"] } == ["a", "b"] && url.attempts.map { $0["port"] } == ["1", "2"])
        let onePort = try PostgresURL("postgres://u@/crm?host=a,b&port=7", applicationName: "")
        #expect(onePort.attempts.map { $0["port"] } == ["7", "7"])
        #expect(try PostgresURL("postgres://a/crm", applicationName: "").attempts.count == 1)
    }

    @Test(
        "a password that breaks the URL is refused, and stands in no message",
        arguments: [
            "postgres://u:se@cret@db/crm", "postgres://u:sec/ret@db/crm", "postgres://u:12/cret@db/crm",
            "postgres://cret:x@db:cret/crm",
            "postgres://u:cret@db/crm?cret=1", "postgres://u:%zzcret@db/crm", "mysql://u:cret@db/crm",
            "postgres://u:cr\u{0}et@db/crm",
            "postgres://u:cret@[::1/crm",
        ])
    func refused(text: String) {
        let error = #expect(throws: PostgresURL.Refused.self) { try PostgresURL(text, applicationName: "") }
        #expect(error?.description.contains("cret") == false)
    }

    @Test("whoever could listen is known")
    func interception() throws {
        func isOpen(_ text: String) throws -> Bool { try PostgresURL(text, applicationName: "").isOpenToInterception }
        try #expect(isOpen("postgres://u@db/crm") && isOpen("postgres://u@db/crm?sslmode=require"))
        try #expect(!isOpen("postgres://u@db/crm?sslmode=verify-full") && !isOpen("postgres://u@localhost/crm"))
        try #expect(!isOpen("postgres://u@%2Frun%2Fpostgresql/crm") && isOpen("postgres://u@localhost,db/crm"))
    }

    @Test("a secret is taken out of whatever libpq says")
    func secrets() {
        #expect(Secrets(["geheim"]).removed(from: " could not geheim\n") == "could not ***")
        #expect(Secrets([""]).removed(from: "text") == "text")
    }

    @Test("a failure to connect is read as libpq words it")
    func connectFailure() {
        let text = """
            connection to server at "::1", port 5432 failed: Connection refused
            connection to server at "127.0.0.1", port 5432 failed: FATAL:  28P01: password authentication failed for user "u"
            LOCATION:  auth_failed, auth.c:330
            """
        let (message, sqlState) = ConnectFailure.read(text)
        #expect(sqlState == "28P01" && !message.contains("LOCATION") && message.hasSuffix(#"failed for user "u""#))
        #expect(ConnectFailure.read("failed: FATAL: no code").sqlState == "")
    }
}
