import SyncModel
import TestSupport

/// Everything a reader says about one body.
struct Reading: Equatable, CustomStringConvertible {
    var records: [RecordText] = []
    var outcome: Result<SyncRequestOutcome, RequestReadError>

    var description: String { "\(records) \(outcome)" }

    /// Reads `body` cut at the positions given.
    static func of(
        _ body: [UInt8], cuts: [Int] = [], maxUsers: Int = 1000, validation: ValidationMode = .reject
    ) -> Reading {
        var reader = SyncRequestReader(maxUsers: maxUsers, validation: validation)
        var records: [RecordText] = []
        func outcome() throws(RequestReadError) -> SyncRequestOutcome {
            var start = 0
            for cut in cuts + [body.count] {
                try feed(body[start..<cut])
                reader.drainUsers { records.append(RecordText($1)) }
                start = cut
            }
            defer { reader.drainUsers { records.append(RecordText($1)) } }
            return try reader.finish()
        }
        func feed(_ part: ArraySlice<UInt8>) throws(RequestReadError) {
            var failure: RequestReadError?
            // A copy of its own, so that reading past its end is a crash under a sanitizer.
            Array(part).withUnsafeBytes { bytes in
                do throws(RequestReadError) { try reader.feed(bytes) } catch { failure = error }
            }
            if let failure { throw failure }
        }
        do throws(RequestReadError) {
            let outcome = try outcome()
            return Reading(records: records, outcome: .success(outcome))
        } catch {
            // Which users were handed out before an error depends on how the body was cut; they are thrown away anyway.
            return Reading(outcome: .failure(error))
        }
    }

    static func of(_ body: String, validation: ValidationMode = .reject, maxUsers: Int = 1000) -> Reading {
        of(Array(body.utf8), maxUsers: maxUsers, validation: validation)
    }

    var envelope: SyncEnvelope? {
        if case .success(.sync(let envelope)) = outcome { return envelope }
        return nil
    }

    var violations: Violations? {
        if case .success(.refused(let violations)) = outcome { return violations }
        return nil
    }

    var syntaxError: RequestSyntaxError? {
        if case .failure(.malformed(let error)) = outcome { return error }
        return nil
    }
}

/// A record taken out of its buffer.
struct RecordText: Equatable, CustomStringConvertible {
    var index: UInt32
    var states: [UserField: FieldState] = [:]
    var texts: [UserField: String] = [:]

    init(index: UInt32) { self.index = index }

    init(_ record: UserRecord) {
        index = record.index
        for field in UserField.allCases where record.state(field) != .absent {
            states[field] = record.state(field)
            texts[field] = record.text(field)
        }
    }

    var description: String {
        let fields = UserField.allCases.compactMap { field in
            states[field].map { "\(field): \(texts[field].map { "'\($0)'" } ?? "\($0)")" }
        }
        return "#\(index) {\(fields.joined(separator: ", "))}"
    }
}

/// A sync around the text of its users.
func sync(users: String, metadata: String? = nil) -> String { Bodies.sync([users], metadata: metadata) }

/// A user with the two members it must have, and more.
func user(_ more: String = "", email: String = "ada@example.com", name: String = "Ada") -> String {
    Bodies.user(nil, email, name: name, more: more)
}
