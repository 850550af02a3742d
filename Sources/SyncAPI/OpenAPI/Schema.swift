/// Pieces of JSON Schema (2020-12, the dialect of OpenAPI 3.1).
enum Schema {
    /// - Parameter optional: the names of properties that may be absent; all others are required.
    static func object(_ description: String, optional: Set<String> = [], _ properties: JSONValue) -> JSONValue {
        let required = properties.members.map(\.0).filter { !optional.contains($0) }
        return described(["type": "object", "required": .words(required), "properties": properties], description)
    }

    /// Adds a description, if the name does not say enough.
    static func described(_ schema: JSONValue, _ description: String) -> JSONValue {
        description.isEmpty ? schema : schema + ["description": .string(description)]
    }

    static func ref(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    static func nullable(ref name: String) -> JSONValue { nullable(ref(name)) }

    /// What the schema allows, or `null`.
    static func nullable(_ schema: JSONValue) -> JSONValue {
        guard let type = schema.members.first(where: { $0.0 == "type" })?.1 else { return ["oneOf": [schema, ["type": "null"]]] }
        return schema.replacing(["type": [type, "null"]])
    }

    static func array(of items: JSONValue, _ description: String) -> JSONValue {
        described(["type": "array", "items": items], description)
    }

    static func string(_ description: String) -> JSONValue { described(["type": "string"], description) }

    static func nullableString(_ description: String) -> JSONValue {
        described(["type": ["string", "null"]], description)
    }

    static func words(_ words: some Sequence<String>, _ description: String) -> JSONValue {
        described(["type": "string", "enum": .words(words)], description)
    }

    static func constant(_ value: JSONValue) -> JSONValue { ["const": value] }

    static func count(_ description: String) -> JSONValue {
        described(["type": "integer", "minimum": 0], description)
    }

    static func nullableCount(_ description: String) -> JSONValue {
        described(["type": ["integer", "null"], "minimum": 0], description)
    }

    static func number(_ description: String) -> JSONValue {
        described(["type": "number", "minimum": 0], description)
    }

    static func nullableNumber(_ description: String) -> JSONValue {
        described(["type": ["number", "null"], "minimum": 0], description)
    }

    static func boolean(_ description: String) -> JSONValue { described(["type": "boolean"], description) }

    static func time(_ description: String) -> JSONValue {
        described(["type": "string", "format": "date-time"], description)
    }

    static func nullableTime(_ description: String) -> JSONValue {
        described(["type": ["string", "null"], "format": "date-time"], description)
    }

    static func jobID(_ description: String) -> JSONValue {
        described(["type": "string", "format": "uuid"], description)
    }

    static func nullableJobID(_ description: String) -> JSONValue {
        described(["type": ["string", "null"], "format": "uuid"], description)
    }
}
