import Foundation
import ServerTestSupport

/// A figure over time.
struct Curve: Sendable {
    let name: String
    let unit: String
    private(set) var points: [(second: Double, value: Double)] = []

    init(_ name: String, unit: String = "") {
        self.name = name
        self.unit = unit
    }

    mutating func add(_ value: Double, at second: Double) { points.append((second, value)) }

    var last: Double { points.last?.value ?? 0 }
    var most: Double { points.map(\.value).max() ?? 0 }

    /// The medians of the first and of the last third.
    var thirds: (first: Double, last: Double) {
        let values = points.map(\.value)
        let third = max(1, values.count / 3)
        return (Curve.median(Array(values.prefix(third))), Curve.median(Array(values.suffix(third))))
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    }

    /// A line of bars from 0 to the most, at most so many of them.
    func bars(_ width: Int = 60) -> String {
        guard !points.isEmpty, most > 0 else { return "" }
        let count = min(width, points.count)
        return (0..<count).map { column in
            let slice = points[
                (column * points.count / count)..<max(column * points.count / count + 1, (column + 1) * points.count / count)]
            let value = slice.map(\.value).max() ?? 0
            return String("▁▂▃▄▅▆▇█".dropFirst(min(7, Int(value / most * 8))).prefix(1))
        }.joined()
    }

    /// Curves one below the other, as SVG; vertical lines stand at `marks` (seconds).
    static func svg(_ curves: [Curve], marks: [Double], title: String) -> String {
        let (width, height, left) = (900.0, 90.0, 170.0)
        let end = max(1, curves.compactMap { $0.points.last?.second }.max() ?? 1)
        func x(_ second: Double) -> String { String(format: "%.1f", left + second / end * (width - left - 10)) }
        var body = ""
        for (row, curve) in curves.enumerated() {
            let top = 40 + Double(row) * height
            func y(_ value: Double) -> String {
                String(format: "%.1f", top + (height - 25) * (1 - value / max(curve.most, 1e-9)))
            }
            for mark in marks {
                body += "<line x1='\(x(mark))' x2='\(x(mark))' y1='\(top)' y2='\(top + height - 25)' stroke='#f2c6c6'/>\n"
            }
            body += "<line x1='\(left)' x2='\(width - 10)' y1='\(y(0))' y2='\(y(0))' stroke='#999'/>\n"
            let line = curve.points.map { "\(x($0.second)),\(y($0.value))" }.joined(separator: " ")
            body += "<polyline points='\(line)' fill='none' stroke='#1565c0' stroke-width='1.5'/>\n"
            body += "<text x='10' y='\(top + 20)'>\(curve.name)</text>\n"
            body += "<text x='10' y='\(top + 36)' fill='#666'>at most \(curve.shown(curve.most))</text>\n"
        }
        let full = 50 + Double(curves.count) * height
        return """
            <svg xmlns='http://www.w3.org/2000/svg' width='\(width)' height='\(full)' font-family='sans-serif' font-size='12'>
            <rect width='100%' height='100%' fill='white'/><text x='10' y='22' font-size='15'>\(title)</text>
            \(body)</svg>
            """
    }

    func shown(_ value: Double) -> String { "\(Int(value.rounded()))\(unit.isEmpty ? "" : " " + unit)" }
}
