import Foundation
import ServerTestSupport
import Testing

/// What a fault did to what was promised: a line of the fault suite's table. All but the first three are zero, or a test is red.
struct FaultReport: Sendable {
    /// What was broken, in a few words.
    var fault: String
    /// How often it was broken.
    var tries = 0
    /// Jobs acknowledged.
    var acknowledged = 0
    /// Of these, jobs that ended with exactly the counts they must have.
    var applied = 0
    /// Jobs acknowledged that did not end, or whose users are not in the directory.
    var lost = 0
    /// Jobs whose counts or log rows show that something was applied more than once.
    var twice = 0
    /// Jobs that ended without their webhook.
    var webhooksMissing = 0
    /// Rows of the directory that are not as the model says.
    var rowsWrong = 0
    /// Jobs one of whose batches had a try counted; not in the table, for some faults may cost one.
    var attempts = 0

    /// It was broken once more. The full form says every tenth time how far it is.
    mutating func tried(of total: Int) {
        tries += 1
        guard FaultScale.isFull, tries % 10 == 0 || tries == total else { return }
        FileHandle.standardError.write(Data("\(fault): \(tries) of \(total)\n".utf8))
    }

    static func + (a: FaultReport, b: FaultReport) -> FaultReport {
        FaultReport(
            fault: a.fault, tries: a.tries + b.tries, acknowledged: a.acknowledged + b.acknowledged,
            applied: a.applied + b.applied,
            lost: a.lost + b.lost, twice: a.twice + b.twice, webhooksMissing: a.webhooksMissing + b.webhooksMissing,
            rowsWrong: a.rowsWrong + b.rowsWrong, attempts: a.attempts + b.attempts)
    }

    /// Prints the line, also to the file that `FAULT_REPORT` names, and expects the zeros.
    func publish(_ location: SourceLocation = #_sourceLocation) throws {
        let figures = [tries, acknowledged, applied, lost, twice, webhooksMissing, rowsWrong]
        let line = ([fault] + figures.map(String.init)).joined(separator: "\t") + "\n"
        print(
            "fault: \(fault): tries \(tries), acknowledged \(acknowledged), applied \(applied), lost \(lost), twice \(twice), "
                + "webhooks missing \(webhooksMissing), rows wrong \(rowsWrong)")
        if let path = ProcessInfo.processInfo.environment["FAULT_REPORT"] {
            let file = try FileHandle(forWritingTo: URL(filePath: path))
            try file.seekToEnd()
            try file.write(contentsOf: Data(line.utf8))
            try file.close()
        }
        #expect(tries > 0, sourceLocation: location)
        #expect(applied == acknowledged, sourceLocation: location)
        #expect(lost == 0, sourceLocation: location)
        #expect(twice == 0, sourceLocation: location)
        #expect(webhooksMissing == 0, sourceLocation: location)
        #expect(rowsWrong == 0, sourceLocation: location)
    }
}
