import PostgreSQLTestServer
import SyncModel
import Testing
import UserDirectory
import UserDirectoryConformance

@Suite("PostgreSQL: one bad user fails alone", .needsPostgreSQL)
struct RefusedUserTests {
    /// Why the CRM's database refuses the user `bad`, and what its result says of it.
    struct Refusal: Sendable, CustomTestStringConvertible {
        var name: String
        var sql: [String]
        var detail: String
        var testDescription: String { name }

        static let all = [
            Refusal(
                name: "a CHECK", sql: ["ALTER TABLE users ADD CONSTRAINT first_check CHECK (name <> 'bad')"],
                detail: #"new row for relation "users" violates check constraint "first_check""#),
            Refusal(
                name: "a trigger",
                sql: [
                    """
                    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN IF NEW.name = 'bad' THEN RAISE EXCEPTION 'no % here', NEW.name; END IF; RETURN NEW; END $$
                    """,
                    "CREATE TRIGGER refusing BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION refuse()",
                ], detail: "no … here"),
            Refusal(
                name: "a trigger that ignores it",
                sql: [
                    """
                    CREATE FUNCTION ignore() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN IF NEW.name = 'bad' THEN RETURN NULL; END IF; RETURN NEW; END $$
                    """,
                    "CREATE TRIGGER ignoring BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION ignore()",
                ], detail: "A trigger of the database ignored the row"),
            Refusal(
                name: "a constraint that is checked at the commit",
                sql: [
                    "CREATE TABLE names (name TEXT PRIMARY KEY)", "INSERT INTO names VALUES ('good')",
                    """
                    ALTER TABLE users ADD CONSTRAINT known FOREIGN KEY (name) REFERENCES names (name)
                    DEFERRABLE INITIALLY DEFERRED
                    """,
                ], detail: #"insert or update on table "users" violates foreign key constraint "known""#),
            Refusal(
                name: "a shorter column", sql: ["ALTER TABLE users ALTER COLUMN title TYPE VARCHAR(3)"],
                detail: "value too long for type character varying(3)"),
        ]
    }

    @Test(
        "whatever refuses it, those before and after it are there, and its detail has no value of its own", arguments: Refusal.all
    )
    func refused(refusal: Refusal) async throws {
        let it = try PostgresFixture()
        try await it.directory.prepare()
        for sql in refusal.sql { try it.statement(sql) }
        func user(_ id: String, _ name: String) -> TestUser {
            TestUser(id, "\(id)@x.example", name: name, [.title: .text(name == "bad" ? "lengthy" : "ok")])
        }
        for isAlone in [true, false] {
            let prefix = isAlone ? "a" : "b"
            let batch = BatchWork(
                job: isAlone ? 1 : 2, [user(prefix + "1", "good"), user(prefix + "2", "bad"), user(prefix + "3", "good")])
            let other = BatchWork(job: 3, tenant: "t2", [user("\(prefix)9", "good")])
            let applied = try await it.apply(isAlone ? batch.alone : batch, other)
            #expect(applied.count == 2)
            #expect(applied[0].users.map(\.outcome) == [.created, .failed, .created])
            #expect(applied[0].users[1].code == .refusedByDatabase)
            #expect(applied[0].users[1].detail == refusal.detail)
        }
        #expect(try it.rows("users").count == 5)
        #expect(try it.rows("sync_logs").count == 1)
    }
}
