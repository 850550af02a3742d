import SyncAPI
import SyncModel

/// Realistic users that are the same every time: derived from their number alone.
struct DemoUsers {
    let tenantID: String
    let tenantName: String
    /// The part of emails after the `@`; a reserved domain (RFC 2606).
    let domain: String

    /// The user with this number, as the integration guide's JSON.
    ///
    /// - Parameter email: an address to use instead of the derived one.
    func user(_ number: Int, email: String? = nil) -> String {
        var random = Sequence64(number: number)
        let (first, last) = DemoUsers.name(&random)
        let (department, titles) = random.pick(DemoUsers.departments)
        let title = random.pick(titles)
        let isLead = title.hasSuffix("Manager") || title.hasPrefix("Head")
        let email = email ?? self.email(number)
        let roles = isLead ? "[\"user\",\"manager\"]" : "[\"user\"]"
        let permissions = isLead ? "[\"read\",\"write\",\"delete\"]" : "[\"read\",\"write\"]"
        let day = random.below(28) + 1
        let tier = random.pick(["basic", "professional", "premium"])
        return """
            {"id":"\(tenantID)-user-\(number)","kindeUserId":"kp_\(random.hex())","email":"\(email)","name":"\(first) \(last)",\
            "avatar":"https://avatars.example/\(tenantID)/\(number).jpg","isActive":\(random.below(50) > 0),\
            "isAdmin":\(random.below(200) == 0),"department":"\(department)","title":"\(title)",\
            "lastActiveAt":"2025-08-\(day < 10 ? "0" : "")\(day)T09:\(10 + random.below(50)):00.000Z",\
            "roles":\(roles),"permissions":\(permissions),"allowedApplications":["crm","analytics"],"subscriptionTier":"\(tier)"}
            """
    }

    /// The address of the user with this number.
    func email(_ number: Int) -> String {
        var random = Sequence64(number: number)
        let (first, last) = DemoUsers.name(&random)
        return "\(first).\(last).\(number)@\(domain)".lowercased()
    }

    private static func name(_ random: inout Sequence64) -> (first: String, last: String) {
        (random.pick(firstNames), random.pick(lastNames))
    }

    /// A whole request.
    func request(_ users: [String], syncType: String) -> String {
        SyncRequestFrame(
            tenantID: tenantID, tenantName: tenantName, syncedBy: "usersync demo", syncType: syncType, applicationCode: "crm"
        ).body(users)
    }

    /// A whole request in version 2 with the user of this number.
    func requestInVersionTwo(_ number: Int) -> String {
        var random = Sequence64(number: number)
        let (first, last) = DemoUsers.name(&random)
        return """
            {"mode":"upsert","orgCode":"\(tenantID)","users":[{"externalId":"kp_\(random.hex())","email":"\(email(number))",\
            "firstName":"\(first)","lastName":"\(last)","mobile":"","designation":"Controller","zone":"","isActive":true,\
            "orgCode":"\(tenantID)","metadata":{}}],"forceUpdate":true}
            """
    }

    private static let firstNames = [
        "Ada", "Amara", "Anders", "Beatriz", "Bilal", "Chiara", "Chen", "Daria", "Diego", "Elif", "Emeka", "Fatima", "Finn",
        "Grace", "Hana", "Henrik", "Ingrid", "Ivan", "Jamila", "Jonas", "Kavya", "Kofi", "Lena", "Luca", "Maya", "Mateo", "Nadia",
        "Noah", "Olga", "Omar", "Priya", "Quentin", "Rosa", "Ravi", "Saoirse", "Samuel", "Tara", "Tomas", "Uma", "Viktor",
        "Wanja",
        "Xenia", "Yusuf", "Zoe",
    ]
    private static let lastNames = [
        "Adeyemi", "Andersson", "Baker", "Bianchi", "Costa", "Dubois", "Eriksen", "Fernandez", "Fischer", "Garcia", "Haddad",
        "Hansen", "Ibrahim", "Ito", "Jansen", "Kaya", "Kowalski", "Kumar", "Larsen", "Lopez", "Meyer", "Moreau", "Nakamura",
        "Novak", "Okafor", "Olsen", "Patel", "Petrov", "Quinn", "Rossi", "Sato", "Schmidt", "Silva", "Tanaka", "Ueda", "Vargas",
        "Wagner", "Weber", "Yilmaz", "Zhang",
    ]
    private static let departments: [(String, [String])] = [
        ("Sales", ["Account Executive", "Sales Manager", "Sales Analyst"]),
        ("Marketing", ["Content Editor", "Marketing Manager", "Campaign Planner"]),
        ("Finance", ["Accountant", "Controller", "Finance Manager"]),
        ("Operations", ["Dispatcher", "Fleet Planner", "Operations Manager"]),
        ("Support", ["Support Engineer", "Customer Advisor", "Head of Support"]),
        ("Engineering", ["Software Engineer", "Data Engineer", "Engineering Manager"]),
    ]
}

/// A sequence of numbers determined by its seed (SplitMix64).
private struct Sequence64 {
    private var state: UInt64

    init(number: Int) { state = UInt64(number) &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func pick<Element>(_ all: [Element]) -> Element { all[below(all.count)] }
    mutating func hex() -> String {
        let digits = String(next(), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
