package import SyncModel

/// Writes or reads the members of one object.
package protocol MemberCoder {
    /// `Never` for a writer.
    associatedtype Failure: Error

    /// A member that is always written. If it is absent or cannot be read, a reader keeps the value: servers of other versions are
    /// read.
    mutating func member<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) throws(Failure)

    /// A member that a reader cannot do without.
    mutating func required<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) throws(Failure)

    /// A member that is `null` if there is no value. A reader takes what it cannot read for `null`, here and below.
    mutating func nullable<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) throws(Failure)

    /// A member that is absent if there is no value.
    mutating func optional<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) throws(Failure)
}

extension JSONWriter: MemberCoder {
    package typealias Failure = Never

    package mutating func member<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) {
        member(name) { value.write(to: &$0) }
    }

    package mutating func required<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) { member(name, &value) }

    package mutating func nullable<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) {
        member(name) { json in if value == nil { json.null() } else { value?.write(to: &json) } }
    }

    package mutating func optional<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) {
        if value != nil { member(name) { value?.write(to: &$0) } }
    }
}
