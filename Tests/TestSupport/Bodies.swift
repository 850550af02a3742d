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

    /// `count` users of different ids and emails.
    package static func users(_ count: Int, prefix: String = "u") -> [String] {
        (0..<count).map { user("\(prefix)-\($0)", "\(prefix).\(($0 * 7919) % max(count, 1)).\($0)@company.example") }
    }
}
