#if canImport(TestSupport)
    import Settings
    import TestSupport
#endif

/// What must hold for any text as a `.env` file.
enum DotEnvProperties {
    static func check(_ text: String) throws {
        guard let file = try? DotEnvFile(text, path: ".env") else { return }
        var quoted = ""
        for (name, value) in file.values {
            try hold(!name.isEmpty && name.utf8.allSatisfy { $0 < 0x80 && $0 > 0x20 }, "a name is ASCII: \(name)")
            try hold(!value.contains(where: \.isNewline), "a value ends with its line: \(name)")
            // By scalars, as the file is read: a combining mark after a quote would hide it.
            let quote: Unicode.Scalar = value.unicodeScalars.contains("\"") ? "'" : "\""
            if !value.unicodeScalars.contains(quote) { quoted += "\(name)=\(quote)\(value)\(quote) # kept\r\n" }
        }
        guard let again = try? DotEnvFile(quoted, path: ".env") else { throw BrokenProperty("values can be written with quotes") }
        for (name, value) in again.values {
            try hold(file.values[name].map { $0.utf8.elementsEqual(value.utf8) } == true, "\(name) is read back")
        }
    }
}
