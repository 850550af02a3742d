import SyncModel
import TerminalUI

/// The integration guide's deployment checklist, with the findings for each of its lines.
struct Checklist: Sendable {
    enum Section: String, Sendable, CaseIterable {
        case environment = "Environment variables configured"
        case endpoint = "Sync endpoint implemented and tested"
        case schema = "Database schema updated"
        case security = "Security measures implemented"
        case logging = "Logging and monitoring configured"
        case errors = "Error handling implemented"
        case performance = "Performance optimizations applied"
        case production = "Production testing completed"
    }

    enum Level: String, Sendable {
        case ok, doubt, failure
    }

    struct Finding: Sendable, Equatable {
        let section: Section
        let level: Level
        /// What was found.
        let text: String
        /// What to do; `nil` if all is well.
        var advice: String?

        fileprivate func write(to json: inout JSONWriter) {
            json.object { json in
                json.member("section", section.rawValue)
                json.member("level", level.rawValue)
                json.member("text", text)
                json.member("advice", advice)
            }
        }
    }

    private(set) var findings: [Finding] = []

    mutating func ok(_ section: Section, _ text: String) {
        findings.append(Finding(section: section, level: .ok, text: text))
    }

    mutating func doubt(_ section: Section, _ text: String, _ advice: String) {
        findings.append(Finding(section: section, level: .doubt, text: text, advice: advice))
    }

    mutating func failure(_ section: Section, _ text: String, _ advice: String) {
        findings.append(Finding(section: section, level: .failure, text: text, advice: advice))
    }

    mutating func add(_ more: [Finding]) { findings += more }

    var failures: Int { findings.count { $0.level == .failure } }
    var doubts: Int { findings.count { $0.level == .doubt } }

    /// The list for people, section by section.
    func lines(style: Style) -> [TerminalText] {
        var lines: [TerminalText] = []
        for section in Section.allCases {
            let own = findings.filter { $0.section == section }
            guard !own.isEmpty else { continue }
            lines.append(style.bold("\(section.rawValue)"))
            for finding in own {
                let mark =
                    switch finding.level {
                    case .ok: style.green("✔")
                    case .doubt: style.yellow("!")
                    case .failure: style.red("✘")
                    }
                lines.append("  \(mark) \(finding.text)")
                if let advice = finding.advice { lines.append("    \(style.dim("→")) \(advice)") }
            }
            lines.append("")
        }
        lines.append(
            failures > 0
                ? style.red("✘ not ready: \(Format.count(failures, "thing")) to fix")
                : doubts > 0
                    ? style.yellow("! ready, with \(Format.count(doubts, "thing")) worth a look") : style.green("✔ ready"))
        return lines
    }

    /// The list for programs.
    var json: String {
        var json = JSONWriter()
        json.object { json in
            json.member("ready", failures == 0)
            json.member("failures", failures)
            json.member("doubts", doubts)
            json.member("findings") { $0.array { json in for finding in findings { finding.write(to: &json) } } }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
