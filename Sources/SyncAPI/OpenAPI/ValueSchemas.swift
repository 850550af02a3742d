import SyncModel

// The schemas of the types that members of documents have.

extension JSONDocument {
    package static func schema(_ components: inout SchemaComponents) -> ValueSchema {
        ValueSchema(components.schema(of: Self.self))
    }
}

extension String {
    package static func schema(_ components: inout SchemaComponents) -> ValueSchema { ValueSchema(Schema.string("")) }
}

extension Int {
    package static func schema(_ components: inout SchemaComponents) -> ValueSchema { ValueSchema(Schema.count("")) }
}

extension Int64 {
    package static func schema(_ components: inout SchemaComponents) -> ValueSchema { ValueSchema(Schema.count("")) }
}

extension Bool {
    package static func schema(_ components: inout SchemaComponents) -> ValueSchema { ValueSchema(Schema.boolean("")) }
}

extension Double {
    package static func schema(_ components: inout SchemaComponents) -> ValueSchema { ValueSchema(Schema.number("")) }
}

extension Timestamp {
    package static func schema(_ components: inout SchemaComponents) -> ValueSchema { ValueSchema(Schema.time("")) }
}

extension Array where Element: JSONValueType {
    package static func schema(_ components: inout SchemaComponents) -> ValueSchema {
        ValueSchema(Schema.array(of: Element.schema(&components).json, ""))
    }
}

extension [String: Int] {
    package static func schema(_ components: inout SchemaComponents) -> ValueSchema {
        ValueSchema(["type": "object", "additionalProperties": Int.schema(&components).json])
    }
}

extension InlineResults {
    package static func schema(_ components: inout SchemaComponents) -> ValueSchema {
        [UserResultDocument].schema(&components)
    }
}

extension StatusDocument.JobsByState {
    package static func schema(_ components: inout SchemaComponents) -> ValueSchema {
        ValueSchema(Schema.object("", .object(JobState.allCases.map { ($0.rawValue, Schema.count("")) })))
    }
}

extension ErrorDocument.Details {
    package static func schema(_ components: inout SchemaComponents) -> ValueSchema {
        let violations = [Violation].schema(&components).json + ["maxItems": .integer(Violations.kept)]
        return ValueSchema(["oneOf": [Schema.string(""), violations]])
    }
}

extension Violation.PathElement {
    package static func schema(_ components: inout SchemaComponents) -> ValueSchema {
        ValueSchema(["type": ["string", "integer"]])
    }
}
