/// The grammar of a sync's body, resumable between any two tokens. The body's object and its `users` are parsed token by token; a
/// user, `tenant` and `metadata` are scanned once they are complete in memory; everything else is skipped as it arrives.
struct SyncRequestParser: Sendable {
    /// Bytes of JSON that one user, `tenant`, `metadata` or `operation` may take.
    static let maxValueBytes = 65_536
    /// How many bytes of a key are examined; no known key is as long, however it is escaped.
    static let maxKeyBytes = 1024

    /// Why `parse` returned.
    enum Pause {
        /// This many bytes were consumed; the rest must be passed again, followed by more.
        case needsMore(after: Int)
        case malformed(JSONProblem, at: Int)
        case tooManyUsers
    }

    /// What the next token belongs to.
    enum Place: UInt8 {
        case start, firstKey, key, longKeyRest, colon, value, afterMember
        case firstUser, user, afterUser
        case skipping, end
    }

    /// The member whose value comes next, as named in `ObjectShape.sync` and `ObjectShape.syncVersion2`.
    enum Member: String {
        case operation, tenant, users, metadata
        case mode, orgCode, forceUpdate
        /// The integration guide's accessibility check.
        case test
        case unknown
    }

    let maxUsers: Int
    let validation: ValidationMode
    let userFields = ObjectShape.userFields
    /// Which body it is, once that is known.
    private(set) var body: SyncBody?
    private(set) var userShape = ObjectShape.user

    var place = Place.start
    var member = Member.unknown
    var memberCount = 0
    var members = JSONMembers()
    var testsConnection = false
    private var skipper = JSONSkipper(depth: 0)
    /// Where to continue after a skipped value.
    private var placeAfterSkipping = Place.end
    private var metTooManyUsers = false
    var versionTwo = VersionTwoFacts()

    var envelope = SyncEnvelope(tenantID: "", tenantName: "", totalUsers: 0)
    var violations = Violations()
    var unknown = UnknownKeys()
    var users = UserRecordWriter()
    /// Elements of `users` parsed so far.
    var totalUsers = 0
    /// Those whose name says nothing.
    var namelessUsers = 0
    /// Ids that say nothing.
    var emptyIDs = 0

    init(maxUsers: Int, validation: ValidationMode, body: SyncBody?) {
        self.maxUsers = min(max(maxUsers, 0), Int(UInt32.max))
        self.validation = validation
        if let body { decide(body) }
    }

    /// Settles which body it is.
    mutating func decide(_ body: SyncBody) {
        self.body = body
        userShape = body == .version2 ? .userVersion2 : .user
    }

    /// Room for the members of any object that is scanned.
    private static let slotCount =
        [ObjectShape.user, .userVersion2, .tenant, .metadata].map(\.rules.count).max() ?? 0

    /// True if the body may end here.
    var mayEnd: Bool { place == .end || (place == .skipping && placeAfterSkipping == .end && skipper.mayEnd) }

    /// Consumes as much as can be parsed.
    mutating func parse(_ bytes: UnsafeRawBufferPointer) -> Pause {
        guard var cursor = JSONCursor(bytes) else { return .needsMore(after: 0) }
        let stop = withUnsafeTemporaryAllocation(of: JSONSlot.self, capacity: SyncRequestParser.slotCount) { slots -> JSONStop in
            do throws(JSONStop) {
                while true { try step(&cursor, slots) }
            } catch {
                return error
            }
        }
        switch stop {
        case .malformed(let problem, let at): return .malformed(problem, at: at)
        case .incomplete: return metTooManyUsers ? .tooManyUsers : .needsMore(after: cursor.at)
        }
    }

    /// The outcome for the whole body; `mayEnd` must be true.
    mutating func finish() -> SyncRequestOutcome {
        if memberCount == 1, testsConnection { return .connectionTest }
        // A body that is not an object was already refused as such.
        if memberCount > 0 || violations.isEmpty {
            let shape = body == .version2 ? ObjectShape.syncVersion2 : .sync
            for (key, name) in shape.names.enumerated() where shape.rules[key].isRequired && !members.has(key) {
                refuse(.required, [.key(name)])
            }
            finishVersionTwo()
        }
        guard violations.isEmpty else { return .refused(violations) }
        envelope.totalUsers = totalUsers
        let nameless = namelessUsers > 0 ? [PersonName.warning(count: namelessUsers)] : []
        let without = emptyIDs > 0 ? [PersonID.warning(count: emptyIDs)] : []
        envelope.warnings = Array(
            (versionTwo.warnings(mode: envelope.mode) + nameless + without + unknown.warnings).prefix(UnknownKeys.limit))
        return .sync(envelope)
    }

    // MARK: Tokens

    @inline(__always)
    private mutating func step(_ cursor: inout JSONCursor, _ slots: UnsafeMutableBufferPointer<JSONSlot>) throws(JSONStop) {
        switch place {
        case .user: try user(&cursor, slots)
        case .afterUser:
            switch try cursor.peekToken() {
            case UInt8(ascii: ","): place = .user
            case UInt8(ascii: "]"): place = .afterMember
            default: throw .malformed(.expectedCommaOrBracket, at: cursor.at)
            }
            cursor.at += 1
        case .firstUser:
            let byte = try cursor.peekToken()
            if byte == UInt8(ascii: "]") {
                cursor.at += 1
                place = .afterMember
            } else if byte.startsJSONValue {
                place = .user
            } else {
                throw .malformed(.expectedValueOrEnd, at: cursor.at)
            }
        default: try memberStep(&cursor, slots)
        }
    }

    @inline(never)
    private mutating func memberStep(
        _ cursor: inout JSONCursor, _ slots: UnsafeMutableBufferPointer<JSONSlot>
    ) throws(JSONStop) {
        switch place {
        case .longKeyRest:
            _ = try cursor.stringRest()
            place = .colon
            return
        case .skipping:
            try skipper.skip(&cursor)
            place = placeAfterSkipping
            return
        default: break
        }
        let byte = try cursor.peekToken()
        switch place {
        case .start:
            if byte == UInt8(ascii: "{") {
                cursor.at += 1
                place = .firstKey
            } else if byte.startsJSONValue {
                refuse(.notObject, [])
                skip(depth: 0, then: .end)
            } else {
                throw .malformed(byte == 0xEF ? .byteOrderMark : .expectedValue, at: cursor.at)
            }
        case .firstKey where byte == UInt8(ascii: "}"):
            cursor.at += 1
            place = .end
        case .firstKey, .key:
            guard byte == UInt8(ascii: "\"") else {
                throw .malformed(place == .key ? .expectedKey : .expectedKeyOrEnd, at: cursor.at)
            }
            try key(&cursor)
        case .colon:
            guard byte == UInt8(ascii: ":") else { throw .malformed(.expectedColon, at: cursor.at) }
            cursor.at += 1
            place = .value
        case .value: try value(byte, &cursor, slots)
        case .afterMember:
            switch byte {
            case UInt8(ascii: ","): place = .key
            case UInt8(ascii: "}"): place = .end
            default: throw .malformed(.expectedCommaOrBrace, at: cursor.at)
            }
            cursor.at += 1
        case .end: throw .malformed(.trailingBytes, at: cursor.at)
        case .longKeyRest, .skipping, .firstUser, .user, .afterUser: break
        }
    }

    // MARK: Tools

    mutating func refuse(_ breach: RuleViolation, _ path: [Violation.PathElement]) {
        violations.add(at: path, breach.violation(at: path))
    }

    /// Checks only the syntax of the value at the cursor.
    mutating func skip(depth: Int, then next: Place) {
        skipper = JSONSkipper(depth: depth)
        placeAfterSkipping = next
        place = .skipping
    }

    /// Ends the parse at a user beyond the limit.
    mutating func stopForTooManyUsers() -> JSONStop {
        metTooManyUsers = true
        return .incomplete
    }
}
