/// The members of a user in a body of version 2, in the order in which the platform sends them. The raw value is the index in
/// `ObjectShape.userVersion2`.
enum VersionTwoField: Int, CaseIterable {
    case externalID, email, firstName, lastName, mobile, designation, zone, isActive, orgCode, metadata

    var jsonName: String {
        switch self {
        case .externalID: "externalId"
        case .email: "email"
        case .firstName: "firstName"
        case .lastName: "lastName"
        case .mobile: "mobile"
        case .designation: "designation"
        case .zone: "zone"
        case .isActive: "isActive"
        case .orgCode: "orgCode"
        case .metadata: "metadata"
        }
    }

    var rule: FieldRule {
        switch self {
        case .externalID: .required(255)
        case .email: .email
        case .firstName, .lastName, .orgCode: .text(255)
        // The column's `title`.
        case .designation: .text(100)
        case .isActive: .boolean
        case .mobile, .zone, .metadata: .any
        }
    }
}
