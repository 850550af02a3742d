/// The server's error (Contract.md, "Errors"): the members that are shown.
struct ErrorDocument: Decodable, Sendable {
    let error: String
    let details: Details?
    let errorCount: Int?
    let requestId: String?

    enum Details: Decodable, Sendable {
        case sentence(String)
        case violations([Violation])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .sentence(text)
            } else {
                self = .violations(try container.decode([Violation].self))
            }
        }
    }

    struct Violation: Decodable, Sendable {
        let message: String
    }
}

struct TenantDocument: Decodable, Sendable {
    let id: String
    let name: String?
}

/// The acknowledgement of a submission.
struct AcceptedDocument: Decodable, Sendable {
    let message: String
    let jobId: String
    let status: String
    let warnings: [String]?
}

/// One user's result.
struct ResultDocument: Decodable, Sendable {
    let index: Int?
    let userId: String?
    let email: String?
    let status: String
    let outcome: String?
    let code: String?
    let error: String?
}

struct ResultPage: Decodable, Sendable {
    let results: [ResultDocument]
    let nextCursor: String?
}

struct JobPage: Decodable, Sendable {
    let jobs: [JobDocument]
    let nextCursor: String?
}

struct DeliveryPage: Decodable, Sendable {
    let deliveries: [DeliveryDocument]
    let nextCursor: String?
}

/// A webhook in the server's log.
struct DeliveryDocument: Decodable, Sendable {
    let id: String
    let type: String?
    let jobId: String?
    let state: String
    let attempts: Int?
    let createdAt: String?
    let nextAttemptAt: String?
    let deliveredAt: String?
    let lastStatus: Int?
    let lastError: String?
}
