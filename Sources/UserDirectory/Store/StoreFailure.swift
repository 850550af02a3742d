/// What a database says when it does not do what it was asked.
package protocol StoreFailure: Error {
    /// The row was refused, but the database works: another user may succeed.
    var refusesOneUser: Bool { get }
    /// The row was refused because the table has no id left for another one.
    var isOfUsedUpIDs: Bool { get }
    /// The database's own words, which may contain what a trigger of the CRM put there.
    var message: String { get }
}

/// A refusal that the rules have found themselves.
enum RuleRefusal: StoreFailure {
    /// Two users are in each other's way.
    case conflict
    /// A trigger ignored what was written.
    case ignored

    var refusesOneUser: Bool { true }
    var isOfUsedUpIDs: Bool { false }
    var message: String { self == .ignored ? RefusalDetail.ignored : "" }
}
