package import Foundation

/// Holds a process that was started: whoever lets go of it last ends it, if it runs still.
package final class ProcessLeash: Sendable {
    package let process: Process

    package init(_ process: Process) { self.process = process }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
}
