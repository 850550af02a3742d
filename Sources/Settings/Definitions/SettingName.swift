/// Names in files, compared with those of the settings.
///
/// An unknown name is shown only if it resembles a setting's: a missing `=` or colon makes a name of a key.
enum SettingName {
    /// By the bytes of their names: strings compare canonically.
    static let definitions = Dictionary(
        SettingDefinition.all.map { (Array($0.name.utf8), $0) }, uniquingKeysWith: { first, _ in first })

    static func definition(_ name: some StringProtocol) -> SettingDefinition? { definitions[Array(name.utf8)] }

    /// The setting that a misspelled name most likely means; `nil` if it resembles none.
    ///
    /// Letters count without case. One mistake is allowed, two in a longer name: a character too many, missing, wrong, or swapped
    /// with its neighbour.
    static func nearest(to name: some StringProtocol) -> String? {
        let bytes = folded(name)
        guard bytes.count <= 40 else { return nil }
        var best: (name: String, distance: Int)?
        for definition in SettingDefinition.all {
            let distance = distance(bytes, Array(definition.name.utf8))
            guard distance <= (definition.name.utf8.count < 6 ? 1 : 2), distance < best?.distance ?? .max else { continue }
            best = (definition.name, distance)
        }
        return best?.name
    }

    /// In capitals, with `_` for the other usual separators.
    private static func folded(_ name: some StringProtocol) -> [UInt8] {
        name.utf8.map { c in
            switch c {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): c - 0x20
            case UInt8(ascii: "-"), UInt8(ascii: "."): UInt8(ascii: "_")
            default: c
            }
        }
    }

    /// Insertions, deletions, substitutions and swaps of neighbours between two texts (optimal string alignment).
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var before: [Int] = []
        var last = Array(0...b.count)
        for i in 1..<(a.count + 1) {
            var row = [i]
            for j in 1..<(b.count + 1) {
                var best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { best = min(best, before[j - 2] + 1) }
                row.append(best)
            }
            (before, last) = (last, row)
        }
        return last[b.count]
    }
}
