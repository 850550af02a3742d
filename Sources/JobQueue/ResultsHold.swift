/// Keeps a job from being pruned until it is released.
package final class ResultsHold: Sendable {
    private let letGo: @Sendable () -> Void

    package init(letGo: @escaping @Sendable () -> Void) { self.letGo = letGo }

    deinit { letGo() }
}
