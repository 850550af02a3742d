/// How large a batch may be, whoever cuts it.
package enum BatchLimits {
    /// Users that `BATCH_SIZE` may ask for; the most are its default.
    package static let users = 50...mostUsers
    /// Users of a batch. A job of at most as many is small: it is one batch at the default `BATCH_SIZE`.
    package static let mostUsers = 100
    /// Bytes of users at which a batch ends.
    package static let bytes = 1 << 20
}
