/// A stored record that this version cannot read: a later version wrote it, or it is damaged.
package struct UnreadableRecord: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Problem: Sendable, Hashable {
        /// An unknown format.
        case format(UInt8)
        /// A known format with an unknown field, by its number.
        case field(Int)
    }

    /// The user's position in the request.
    package let index: UInt32
    package let problem: Problem

    package var description: String {
        switch problem {
        case .format(let format): "The stored record of user \(index) has format \(format), which this version cannot read"
        case .field(let number): "The stored record of user \(index) has field \(number), which this version does not know"
        }
    }
}

extension UserRecord {
    /// The bits of `states` that the known fields use.
    private static let knownStates: UInt64 = UserField.allCases.reduce(0) { states, field in
        precondition(field.rawValue < fieldLimit, "a field's number needs two bits of 64")
        return states | 3 << UInt64(field.rawValue * 2)
    }

    /// Whether this version can read the record.
    package var isReadable: Bool { problem == nil }

    /// Why it cannot; `nil` if it can.
    var problem: UnreadableRecord.Problem? {
        guard format <= UserRecord.format, fields.baseAddress != nil else { return .format(format) }
        let unknown = states & ~(format == 0 ? UserRecord.statesOfFormat0 : UserRecord.knownStates)
        return unknown == 0 ? nil : .field(unknown.trailingZeroBitCount / 2)
    }
}
