/// Reads the body of a removal (Contract.md, "Body of a removal"): buffered whole, since it is small, and parsed at its end with
/// the same code and strictness as a sync.
///
/// Once it has thrown, every further call throws the same error.
package struct RemovalRequestReader: Sendable {
    /// The most bytes a removal's body may have.
    package static let maxBytes = 65_536

    private var body: [UInt8] = []
    private var failure: RequestReadError?

    package init() {}

    /// Takes the next bytes of the body.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(RequestReadError) {
        if let failure { throw failure }
        guard body.count + bytes.count <= RemovalRequestReader.maxBytes else {
            throw fail(.tooLarge(limit: RemovalRequestReader.maxBytes))
        }
        body.append(contentsOf: bytes)
    }

    /// Ends the body and returns what it was. Call it once.
    package mutating func finish() throws(RequestReadError) -> RemovalRequestOutcome {
        if let failure { throw failure }
        let result = body.withUnsafeBytes { bytes -> Result<RemovalRequestOutcome, JSONStop> in
            guard var cursor = JSONCursor(bytes) else { return .failure(.incomplete) }
            return withUnsafeTemporaryAllocation(of: JSONSlot.self, capacity: ObjectShape.removal.rules.count) { slots in
                do throws(JSONStop) {
                    return .success(try RemovalRequestReader.read(&cursor, slots))
                } catch {
                    return .failure(error)
                }
            }
        }
        switch result {
        case .success(let outcome): return outcome
        case .failure(.malformed(let problem, let at)):
            throw fail(.malformed(RequestSyntaxError(offset: at, problem: problem.sentence)))
        case .failure(.incomplete):
            throw fail(.malformed(RequestSyntaxError(offset: body.count, problem: JSONProblem.unexpectedEnd.sentence)))
        }
    }

    private mutating func fail(_ error: RequestReadError) -> RequestReadError {
        failure = error
        return error
    }

    private static func read(
        _ cursor: inout JSONCursor, _ slots: UnsafeMutableBufferPointer<JSONSlot>
    ) throws(JSONStop) -> RemovalRequestOutcome {
        var violations = Violations()
        let first = try cursor.peekToken()
        guard first == UInt8(ascii: "{") else {
            guard first.startsJSONValue else {
                throw .malformed(first == 0xEF ? .byteOrderMark : .expectedValue, at: cursor.at)
            }
            var skipper = JSONSkipper(depth: 0)
            do throws(JSONStop) { try skipper.skip(&cursor) } catch { if !skipper.mayEnd { throw error } }
            try expectEnd(&cursor)
            violations.add(at: [], RuleViolation.notObject.violation(at: []))
            return .refused(violations)
        }
        let shape = ObjectShape.removal
        var unknown = UnknownKeys()
        let members = try cursor.object(depth: 1, shape: shape, slots: slots, unknown: &unknown)
        try expectEnd(&cursor)
        _ = shape.check(members, slots, in: cursor, at: [], &violations)
        let operation = shape.text(.operation, members, slots, in: cursor)
        if let operation, !operation.isEmpty, operation != Operation.userRemoval.rawValue {
            let path = [Violation.PathElement.key("operation")]
            violations.add(at: path, RuleViolation.notOperation(.userRemoval).violation(at: path))
        }
        let userID = shape.text(.userID, members, slots, in: cursor)
        if var userID, !userID.isEmpty, userID.withUTF8({ PersonID.isNone(UnsafeRawBufferPointer($0)) }) {
            let path = [Violation.PathElement.key("userId")]
            violations.add(at: path, RuleViolation.notID.violation(at: path))
        }
        let removedAt = shape.moment(.removedAt, members, slots, in: cursor)
        let reason = shape.text(.reason, members, slots, in: cursor)
        // This reuses the slots, so it comes last.
        let tenant = try tenant(members, slots, cursor, &unknown, &violations)
        guard violations.isEmpty, let userID, let tenant else { return .refused(violations) }
        var users = UserRecordWriter()
        users.begin(index: 0)
        users.set(.id, text: userID)
        users.end()
        return .removal(
            RemovalEnvelope(
                tenantID: TenantID(tenant.id), tenantName: tenant.name, userID: userID, removedAt: removedAt, reason: reason,
                warnings: unknown.warnings, payload: users.take()))
    }

    private static func tenant(
        _ members: JSONMembers, _ slots: UnsafeMutableBufferPointer<JSONSlot>, _ cursor: JSONCursor, _ unknown: inout UnknownKeys,
        _ violations: inout Violations
    ) throws(JSONStop) -> (id: String, name: String)? {
        guard let key = ObjectShape.removal.index(of: .tenant), members.has(key), slots[key].kind == .object else { return nil }
        var part = cursor.part(slots[key].start, slots[key].end)
        let shape = ObjectShape.tenant
        let inner = try part.object(depth: 2, shape: shape, slots: slots, unknown: &unknown)
        guard shape.check(inner, slots, in: part, at: [.key("tenant")], &violations),
            let id = shape.text(.id, inner, slots, in: part), let name = shape.text(.name, inner, slots, in: part)
        else { return nil }
        return (id, name)
    }

    /// Only white space may follow.
    private static func expectEnd(_ cursor: inout JSONCursor) throws(JSONStop) {
        let next: UInt8?
        do throws(JSONStop) { next = try cursor.peekToken() } catch { next = nil }
        if next != nil { throw .malformed(.trailingBytes, at: cursor.at) }
    }
}
