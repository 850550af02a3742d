/// What a request asks for: the integration guide's `operation`.
package enum Operation: String, Sendable, Hashable, CaseIterable {
    case userSync = "user_sync"
    case userRemoval = "user_removal"
}
