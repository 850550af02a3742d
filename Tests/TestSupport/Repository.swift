package import Foundation

/// The working copy that the tests were built from.
package enum Repository {
    package static let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
}
