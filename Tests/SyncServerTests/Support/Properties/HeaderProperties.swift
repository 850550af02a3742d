import SyncModel
#if canImport(TestSupport)
    import TestSupport

    @testable import SyncServer
#endif

/// What must hold for any text in the header fields that are read word by word.
enum HeaderProperties {
    static func check(_ text: String) throws {
        try checkTrace(text)
        try checkPrefer(text)
    }

    private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    /// A trace that is read is one of the version known here, however it was sent, and read back as it is sent on.
    private static func checkTrace(_ text: String) throws {
        let halves = text.split(separator: "|", maxSplits: 1).map(String.init)
        for (parents, states) in [([text], []), ([parent], [text]), ([parent], halves), (halves, [])] {
            guard let trace = TraceContext(traceparent: parents, tracestate: states) else { continue }
            let bytes = Array(trace.parent.utf8)
            try hold(bytes.count == 55 && trace.parent.hasPrefix("00-"), "a parent is one of version 00")
            try hold(
                bytes.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) || $0 == 0x2D }, "a parent is hex")
            if let state = trace.state {
                try hold((1...2048).contains(state.utf8.count), "a state is bounded")
                try hold(state.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "a state is visible: it ends no header")
            }
            try hold(TraceContext(stored: trace.stored) == trace, "a trace is read back from where it is kept")
            let again = TraceContext(traceparent: [trace.parent], tracestate: trace.state.map { [$0] } ?? [])
            try hold(again == trace, "a trace is read again as it is sent on")
        }
    }

    /// A wait is within its limit, and nothing inside quotes is one.
    private static func checkPrefer(_ text: String) throws {
        for limit in [0, 30] {
            guard let seconds = PreferHeader([text]).wait(atMost: limit) else { continue }
            try hold((0...limit).contains(seconds), "a wait is within its limit")
        }
        let quoted = String(decoding: text.utf8.flatMap { $0 == 0x22 || $0 == 0x5C ? [0x5C, $0] : [$0] }, as: UTF8.self)
        try hold(PreferHeader([#"a="\#(quoted)", wait=7"#]).wait(atMost: 30) == 7, "what is quoted is no preference")
        try hold(PreferHeader([#"wait=7;a="\#(quoted)""#, text]).wait(atMost: 30) == 7, "the first wait counts")
    }
}
