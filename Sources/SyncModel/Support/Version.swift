/// The version of this program, as `--version`, `User-Agent` and the OpenAPI document show it.
package enum Version {
    package static let current = "0.1.0"
}
