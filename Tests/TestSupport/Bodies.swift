/// Request bodies, as text.
package enum Bodies {
    /// - Parameters:
    ///   - id: `nil` for a user without one.
    ///   - more: further members, as JSON without braces.
    package static func user(_ id: String?, _ email: String, name: String = "Some Name", more: String = "") -> String {
        let id = id.map { #""id":"\#($0)","# } ?? ""
        return #"{\#(id)"email":"\#(email)","name":"\#(name)"\#(more.isEmpty ? "" : "," + more)}"#
    }

    package static func sync(_ users: [String], tenant: String = "t1", metadata: String? = nil) -> String {
        let metadata = metadata.map { #","metadata":\#($0)"# } ?? ""
        return
            #"{"operation":"user_sync","tenant":{"id":"\#(tenant)","name":"Company \#(tenant)"},"users":[\#(users.joined(separator: ","))]\#(metadata)}"#
    }

    package static func removal(_ userID: String, tenant: String = "t1", more: String = "") -> String {
        #"{"operation":"user_removal","tenant":{"id":"\#(tenant)","name":"Company \#(tenant)"},"userId":"\#(userID)"\#(more.isEmpty ? "" : "," + more)}"#
    }

    /// A user in version 2, as the platform sends it.
    /// - Parameter more: further members, as JSON without braces.
    package static func userOfVersionTwo(
        _ id: String, _ email: String, first: String = "Some", last: String = "Name", organisation: String = "org_1",
        title: String = "", more: String = ""
    ) -> String {
        #"{"externalId":"\#(id)","email":"\#(email)","firstName":"\#(first)","lastName":"\#(last)","mobile":"","#
            + #""designation":"\#(title)","zone":"","isActive":true,"orgCode":"\#(organisation)","metadata":{}"#
            + "\(more.isEmpty ? "" : "," + more)}"
    }

    /// A sync in version 2, as the platform sends it.
    package static func versionTwo(_ users: [String], organisation: String = "org_1", mode: String = "upsert") -> String {
        #"{"mode":"\#(mode)","orgCode":"\#(organisation)","users":[\#(users.joined(separator: ","))],"forceUpdate":true}"#
    }

    /// `count` users of different ids and emails.
    package static func users(_ count: Int, prefix: String = "u") -> [String] {
        (0..<count).map { user("\(prefix)-\($0)", "\(prefix).\(($0 * 7919) % max(count, 1)).\($0)@company.example") }
    }
}
