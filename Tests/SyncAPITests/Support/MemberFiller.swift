import SyncAPI
import SyncModel
import TestSupport

/// Fills the members of a document with values drawn from a seed: odd texts, figures up to the largest, or nothing.
struct MemberFiller: MemberCoder {
    private var random: SeededGenerator
    private var texts: OddText

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        texts = OddText(
            words: [
                "user_sync", "user_removal", WebhookDocument.testType, "completed", "{", "}", "[", "null", "\u{1}", "\u{2028}",
            ],
            seed: seed)
    }

    mutating func member<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) { value = draw() ?? value }
    mutating func required<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) { value = draw() ?? value }
    mutating func nullable<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) {
        value = Bool.random(using: &random) ? draw() : nil
    }
    mutating func optional<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) { nullable(name, &value) }

    /// A document with each member filled.
    mutating func document<Document: JSONDocument>(_: Document.Type) -> Document {
        var document = Document()
        document.members(&self)
        return document
    }

    private mutating func draw<Value: JSONValueType>() -> Value? {
        switch Value.self {
        case let type as any JSONDocument.Type: document(type) as? Value
        case let type as any DrawnArray.Type: type.drawn(from: &self, count: Int.random(in: 0...3, using: &random)) as? Value
        case is String.Type: text() as? Value
        case is Int.Type: figure() as? Value
        case is Int64.Type: Int64(figure()) as? Value
        case is Bool.Type: Bool.random(using: &random) as? Value
        case is Double.Type: (Double(Int.random(in: -1_000_000...1_000_000, using: &random)) / 1000) as? Value
        case is Timestamp.Type: moment() as? Value
        case is [String: Int].Type:
            Dictionary((0..<3).map { _ in (text(), figure()) }, uniquingKeysWith: { first, _ in first }) as? Value
        case is InlineResults.Type: InlineResults(draw() ?? []) as? Value
        case is StatusDocument.JobsByState.Type: jobs() as? Value
        case is ErrorDocument.Details.Type:
            (Bool.random(using: &random) ? .sentence(text()) : ErrorDocument.Details.violations(draw() ?? [])) as? Value
        case is Violation.PathElement.Type:
            (Bool.random(using: &random) ? .key(text()) : Violation.PathElement.index(figure())) as? Value
        default: nil
        }
    }

    fileprivate mutating func element<Value: JSONValueType>() -> Value? { draw() }

    private mutating func text() -> String {
        let known = ["user_sync", "user_removal", WebhookDocument.testType]
        return Int.random(in: 0..<3, using: &random) == 0 ? known.randomElement(using: &random) ?? "" : texts.next()
    }

    private mutating func figure() -> Int { [0, 1, 999, Int.max].randomElement(using: &random) ?? 0 }

    /// Documents tell time in milliseconds.
    private mutating func moment() -> Timestamp {
        Timestamp(microseconds: Int64.random(in: -62_000_000_000_000...253_000_000_000_000, using: &random) * 1000)
    }

    private mutating func jobs() -> StatusDocument.JobsByState {
        StatusDocument.JobsByState(Dictionary(uniqueKeysWithValues: JobState.allCases.map { ($0, figure()) }))
    }
}

/// An array whose elements can be drawn.
private protocol DrawnArray {
    static func drawn(from filler: inout MemberFiller, count: Int) -> Self
}

extension Array: DrawnArray where Element: JSONValueType {
    fileprivate static func drawn(from filler: inout MemberFiller, count: Int) -> [Element] {
        (0..<count).compactMap { _ in filler.element() }
    }
}
