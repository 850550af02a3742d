import Foundation

/// A body of users like the guide's, about 460 bytes each, made from their number alone.
struct SampleBody {
    /// What applying it does to the users. All but `create` take the users of `create` as known.
    enum Kind: String {
        case create
        /// Most of them were active since, and have another title.
        case update
        /// The same users, sent again later.
        case unchanged
    }

    private let kind: Kind
    private let users: Int

    init(_ kind: Kind, users: Int) {
        self.kind = kind
        self.users = users
    }

    func write(to file: FileHandle) {
        var text = #"{"operation":"user_sync","tenant":{"id":"tenant-1","name":"Company Name"},"users":["#
        for number in 0..<users { text += (number == 0 ? "" : ",") + user(number) }
        let day = kind == .create ? "19" : "20"
        text +=
            #"],"metadata":{"syncTime":"2025-08-\#(day)T10:00:00.000Z","syncedBy":"wrapper-user-sync-service","syncType":"full"}}"#
        file.write(Data(text.utf8))
    }

    private func user(_ number: Int) -> String {
        let bits = SampleBody.scrambled(UInt64(number))
        func pick(_ words: [String], _ shift: UInt64) -> String { words[Int(bits >> shift & 0xFF) % words.count] }
        func digits(_ value: UInt64) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        let hex = digits(bits)
        let more = digits(SampleBody.scrambled(bits))
        let id =
            "\(hex.prefix(8))-\(hex.dropFirst(8).prefix(4))-4\(hex.dropFirst(12).prefix(3))-8\(more.prefix(3))-\(more.suffix(12))"
        let (first, last) = (pick(SampleBody.firstNames, 0), pick(SampleBody.lastNames, 8))
        let mailbox = "\(first).\(last)".lowercased().filter { $0.isASCII && $0.isLetter || $0 == "." }
        let department = pick(SampleBody.departments, 16)
        let title = kind == .update ? "Head of \(department)" : "\(department) Specialist"
        let activeDay = kind == .update ? "20" : "19"
        return """
            {"id":"\(id)","kindeUserId":"kp_\(more)\(hex)","email":"\(mailbox).\(number)@company.example","name":"\(first) \(last)",\
            "avatar":"https://avatars.example/\(number).jpg","isActive":\(bits >> 24 & 31 > 0),"isAdmin":\(bits >> 32 & 63 == 0),\
            "department":"\(department)","title":"\(title)","lastActiveAt":"2025-08-\(activeDay)T09:\(10 + bits >> 40 % 50):00.000Z",\
            "roles":["user","manager"],"permissions":["read","write","delete"],"allowedApplications":["crm","hr","analytics"],\
            "subscriptionTier":"premium"}
            """
    }

    /// The finish of SplitMix64: neighbours become numbers that have nothing to do with one another.
    private static func scrambled(_ number: UInt64) -> UInt64 {
        var z = number &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Some with letters beyond ASCII, as sent by encoders that leave them and by those that escape them.
    private static let firstNames = [
        "Ada", "Amara", "Anders", "Beatriz", "Bilal", "Chiara", "Daria", "Diego", "Elif", "Fatima", "Grace", "Hana", "Henrik",
        "Ingrid", "Jamila", "Jonas", "José", "Kofi", "Lena", "Mateo", "Nadia", "Omar", "Priya", "Rosa", "Samuel", "Tara",
        "Viktor",
        "Wanja", "Xenia", "Yusuf", "Zoë", #"Ren\u00e9e"#,
    ]
    private static let lastNames = [
        "Adeyemi", "Andersson", "Bianchi", "Costa", "Dubois", "Eriksen", "Fernandez", "Garcia", "Haddad", "Ibrahim", "Jansen",
        "Kowalski", "Kumar", "Lopez", "Moreau", "Nakamura", "Okafor", "Patel", "Quinn", "Rossi", "Schmidt", "Tanaka", "Weber",
        "Zhang",
    ]
    private static let departments = ["Sales", "Marketing", "Finance", "Operations", "Support", "Engineering"]
}
