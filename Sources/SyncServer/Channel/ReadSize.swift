import NIOCore

/// How much is read of a socket at once: little where nobody knows yet who is there, much of a body that somebody wants.
enum ReadSize {
    case small
    case large

    func apply(to channel: any Channel) {
        // Of channels in tests there is nothing to be set.
        guard let options = channel.syncOptions else { return }
        switch self {
        case .small:
            try? options.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4 << 10))
            try? options.setOption(.maxMessagesPerRead, value: 1)
        case .large:
            try? options.setOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 4 << 10, initial: 64 << 10, maximum: 64 << 10))
            try? options.setOption(.maxMessagesPerRead, value: 4)
        }
    }
}
