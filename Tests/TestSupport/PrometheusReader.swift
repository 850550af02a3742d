/// Reads the Prometheus text format, version 0.0.4, as strictly as it is written: what a scraper would stumble over is an error.
package struct PrometheusReader {
    package struct Malformed: Error, CustomStringConvertible {
        package let description: String
    }

    package struct Family {
        package var help: String
        package var kind: String
        /// By name and labels, as they stand.
        package var samples: [String: Double] = [:]
    }

    package private(set) var families: [String: Family] = [:]

    package subscript(sample: String) -> Double? {
        for family in families.values { if let value = family.samples[sample] { return value } }
        return nil
    }

    package init(_ bytes: [UInt8]) throws {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Malformed(description: "not UTF-8") }
        guard text.hasSuffix("\n") else { throw Malformed(description: "no line feed at the end") }
        var current: String?
        var helped: String?
        // Not `\r\n`, which Swift would take for one character.
        for line in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init) {
            func fail(_ what: String) -> Malformed { Malformed(description: "\(what): \(line)") }
            guard !line.isEmpty else { throw fail("empty line") }
            if line.hasPrefix("# HELP ") {
                let parts = line.dropFirst(7).split(separator: " ", maxSplits: 1)
                guard parts.count == 2, families[String(parts[0])] == nil else { throw fail("HELP twice or empty") }
                helped = String(parts[0])
                families[String(parts[0])] = Family(help: String(parts[1]), kind: "")
            } else if line.hasPrefix("# TYPE ") {
                let parts = line.dropFirst(7).split(separator: " ")
                guard parts.count == 2, helped == String(parts[0]), ["counter", "gauge", "histogram"].contains(parts[1]) else {
                    throw fail("TYPE without its HELP before it")
                }
                current = helped
                families[String(parts[0])]?.kind = String(parts[1])
            } else {
                guard let name = current, let family = families[name], !line.hasPrefix("#") else {
                    throw fail("sample without a head")
                }
                let (key, base, value) = try Self.sample(line)
                let allowed = family.kind == "histogram" ? ["_bucket", "_sum", "_count"].map { name + $0 } : [name]
                guard allowed.contains(base) else { throw fail("sample of another metric") }
                guard family.samples[key] == nil else { throw fail("sample twice") }
                families[name]?.samples[key] = value
            }
        }
        for (name, family) in families where family.kind == "histogram" { try Self.checkHistogram(name, family) }
    }

    private static func sample(_ line: String) throws -> (key: String, base: String, value: Double) {
        func fail(_ what: String) -> Malformed { Malformed(description: "\(what): \(line)") }
        var rest = Substring(line)
        func isNameCharacter(_ c: Character) -> Bool { c.isASCII && (c.isLetter || c.isNumber || c == "_" || c == ":") }
        let name = rest.prefix(while: isNameCharacter)
        guard let first = name.first, !first.isNumber else { throw fail("bad name") }
        rest = rest.dropFirst(name.count)
        var key = String(name)
        if rest.first == "{" {
            let start = rest.startIndex
            rest = rest.dropFirst()
            var names: Set<String> = []
            while rest.first != "}" {
                let label = rest.prefix { isNameCharacter($0) && $0 != ":" }
                guard let first = label.first, !first.isNumber, names.insert(String(label)).inserted else {
                    throw fail("bad label")
                }
                rest = rest.dropFirst(label.count)
                guard rest.hasPrefix("=\"") else { throw fail("label without a value") }
                rest = rest.dropFirst(2)
                while let c = rest.first, c != "\"" {
                    rest = rest.dropFirst()
                    if c == "\\" {
                        guard let escaped = rest.first, ["\\", "\"", "n"].contains(escaped) else { throw fail("bad escape") }
                        rest = rest.dropFirst()
                    }
                }
                guard rest.first == "\"" else { throw fail("value without an end") }
                rest = rest.dropFirst()
                if rest.first == "," { rest = rest.dropFirst() } else if rest.first != "}" { throw fail("no comma") }
            }
            rest = rest.dropFirst()
            key += line[start..<rest.startIndex]
        }
        guard rest.first == " " else { throw fail("no space before the value") }
        rest = rest.dropFirst()
        let values: [Substring: Double] = ["+Inf": .infinity, "-Inf": -.infinity, "NaN": .nan]
        guard let value = values[rest] ?? Double(rest) else { throw fail("bad value") }
        return (key, String(name), value)
    }

    /// Buckets rise, the last is `+Inf` and equals the count.
    private static func checkHistogram(_ name: String, _ family: Family) throws {
        var series: [String: [(bound: Double, count: Double)]] = [:]
        for (key, value) in family.samples where key.hasPrefix(name + "_bucket{") {
            let labels = key.dropFirst(name.count + 8).dropLast()
            guard let at = labels.ranges(of: "le=\"").last else { throw Malformed(description: "bucket without le: \(key)") }
            let text = labels[at.upperBound...].prefix { $0 != "\"" }
            guard let bound = text == "+Inf" ? .infinity : Double(text) else { throw Malformed(description: "bad le: \(key)") }
            series[String(labels[..<at.lowerBound]), default: []].append((bound, value))
        }
        for (labels, buckets) in series {
            let sorted = buckets.sorted { $0.bound < $1.bound }
            let own = labels.isEmpty ? "" : "{\(labels.dropLast())}"
            guard sorted.last?.bound == .infinity, sorted.last?.count == family.samples["\(name)_count\(own)"],
                zip(sorted, sorted.dropFirst()).allSatisfy({ $0.count <= $1.count }), family.samples["\(name)_sum\(own)"] != nil
            else { throw Malformed(description: "histogram \(name)\(own) contradicts itself") }
        }
    }
}
