// SPDX-License-Identifier: Apache-2.0

package import AWSSigning

/// The value of a key in a shared file, and where it stands.
package struct ProfileValue: Equatable, Sendable {
  /// Redacted wherever it is printed: any value may be a secret.
  package let secret: Secret
  /// What stands indented below an empty value, by key; empty for a plain value.
  package let block: [String: ProfileValue]
  package let place: FilePlace

  var text: String { self.secret.text }
}

/// One section of a shared file.
struct FileSection: Equatable, Sendable {
  var line: Int
  var values: [String: ProfileValue] = [:]
}

/// One shared file, taken apart: `~/.aws/config` or `~/.aws/credentials`.
///
/// Sections of `key = value`; lines that begin with `#` or `;` are comments, and nothing is one
/// behind a value. A line that is indented deeper than the key above goes on with that key's value,
/// or, if the value is empty, is a key of the block under it. Keys are of any case; a section or a
/// key that stands twice is an error, as botocore has it. Source: AWS SDKs and Tools Reference
/// Guide, "Shared config and credentials files".
package struct SharedFile: Equatable, Sendable {
  /// The two files spell a profile's heading differently.
  package enum Kind: Sendable {
    /// `[default]`, `[profile NAME]`, `[services NAME]`; sections of other kinds are passed over.
    case config
    /// `[NAME]`.
    case credentials
  }

  package let path: String
  let profiles: [String: FileSection]
  let services: [String: FileSection]

  /// - Parameters:
  ///   - path: for error texts alone.
  ///   - limit: in bytes.
  package init(
    parsing bytes: [UInt8], kind: Kind, path: String, limit: Int = 1024 * 1024
  ) throws(AWSConfigurationError) {
    guard bytes.count <= limit else { throw .fileTooLong(file: path, limitBytes: limit) }
    var reader = SharedFileReader(kind: kind, path: path)
    try reader.read(bytes)
    self.path = path
    self.profiles = reader.profiles
    self.services = reader.services
  }
}
