extension BatchPayload {
    /// Calls `body` with every record that has an outcome among `users`, in the order of the payload. A user without an outcome waits
    /// for the job's last pass and is left out.
    func forEach(of users: [AppliedUser], _ body: (UserRecord, AppliedUser) -> Void) {
        var next = 0
        var byIndex: [UInt32: Int]?
        forEach { record in
            var at = next
            if at >= users.count || users[at].index != record.index {
                // Not in the payload's order, or some are left out: look it up.
                if byIndex == nil {
                    byIndex = Dictionary(users.enumerated().map { ($1.index, $0) }, uniquingKeysWith: { first, _ in first })
                }
                guard let found = byIndex?[record.index] else { return }
                at = found
            }
            next = at + 1
            body(record, users[at])
        }
    }

    /// The outcomes joined with the users' identities, in the order of the payload.
    package func results(of users: [AppliedUser]) -> [UserResult] {
        var results: [UserResult] = []
        results.reserveCapacity(users.count)
        forEach(of: users) { record, user in
            results.append(UserResult(applied: user, userID: record.text(.id), email: record.text(.email)))
        }
        return results
    }
}
