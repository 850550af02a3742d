/// What a request asks for; the `operation` of the integration guide.
package enum Operation: String, Sendable, Hashable, CaseIterable {
    case userSync = "user_sync"
    case userRemoval = "user_removal"
}
