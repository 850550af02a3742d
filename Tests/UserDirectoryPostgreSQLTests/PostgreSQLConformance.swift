import PostgreSQLTestServer
import Testing
import UserDirectoryConformance

@Suite("UserDirectory, kept in PostgreSQL", .conformance(of: .postgresql, where: PostgreSQLServer.isHere))
enum PostgreSQLConformance {}
