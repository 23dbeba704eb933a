// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import Glibc

extension SharedConfiguration {
  /// A file of profiles is hand-written; a megabyte of it is none.
  private static let limitBytes = 1 << 20

  /// Reads the two shared files as they are now. One that is not there is an empty one; one that
  /// somebody named and that cannot be read is an error.
  static func load(_ environment: AWSEnvironment) throws(ConfigurationError) -> SharedConfiguration
  {
    let paths = SharedFilePaths(environment)
    return SharedConfiguration(
      config: try Self.file(
        paths.config, .config, isNamed: environment["AWS_CONFIG_FILE"] != nil),
      credentials: try Self.file(
        paths.credentials, .credentials,
        isNamed: environment["AWS_SHARED_CREDENTIALS_FILE"] != nil))
  }

  private static func file(
    _ path: String?, _ kind: SharedFile.Kind, isNamed: Bool
  ) throws(ConfigurationError) -> SharedFile? {
    guard let path else { return nil }
    let bytes: [UInt8]
    do throws(FileBytes.Failure) {
      bytes = try FileBytes.read(path, limit: Self.limitBytes)
    } catch {
      // A home directory that belongs to somebody else is as good as none.
      let isAbsent = [ENOENT, ENOTDIR].contains(error.errno) || error.errno == EACCES && !isNamed
      if isAbsent { return nil }
      throw .unreadableFile(path: path, reason: error.reason)
    }
    do throws(AWSConfigurationError) {
      return try SharedFile(parsing: bytes, kind: kind, path: path)
    } catch {
      throw .aws(error)
    }
  }
}
