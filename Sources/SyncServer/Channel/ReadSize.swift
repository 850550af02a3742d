import NIOCore

/// How much is read from a socket at once: little until it is known who sends, more of a body that is wanted.
enum ReadSize {
    case small
    case large

    func apply(to channel: any Channel) {
        // Test channels have nothing to set.
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
