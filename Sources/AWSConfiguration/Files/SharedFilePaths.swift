// SPDX-License-Identifier: Apache-2.0

/// Where the two shared files are. Whether they are there at all is the reader's to find out: a
/// file that is missing is an empty one.
package struct SharedFilePaths: Equatable, Sendable {
  /// Nil if there is neither a variable nor a home directory.
  package let config: String?
  package let credentials: String?
  /// True for a file that somebody named, and so expects to be read. The default one may lie in a
  /// home directory that belongs to somebody else, which is as good as none.
  package let isConfigNamed: Bool
  package let isCredentialsNamed: Bool

  /// `AWS_CONFIG_FILE`, else `~/.aws/config`; `AWS_SHARED_CREDENTIALS_FILE`, else
  /// `~/.aws/credentials`. A leading `~/` is the home directory.
  package init(_ environment: AWSEnvironment) {
    let home = environment["HOME"]
    self.isConfigNamed = environment["AWS_CONFIG_FILE"] != nil
    self.isCredentialsNamed = environment["AWS_SHARED_CREDENTIALS_FILE"] != nil
    self.config = Self.path(
      environment["AWS_CONFIG_FILE"] ?? "~/.aws/config", home: home)
    self.credentials = Self.path(
      environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "~/.aws/credentials", home: home)
  }

  private static func path(_ text: String, home: String?) -> String? {
    guard text == "~" || text.hasPrefix("~/") else { return text }
    guard let home else { return nil }
    return (home.hasSuffix("/") ? String(home.dropLast()) : home) + text.dropFirst()
  }
}
