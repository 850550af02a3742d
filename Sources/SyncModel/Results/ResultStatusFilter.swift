/// Which results a list shows, by the status that callers see.
package enum ResultStatusFilter: String, Sendable, CaseIterable {
    case created, updated, failed
}
