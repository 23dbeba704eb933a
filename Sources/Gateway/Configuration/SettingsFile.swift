// SPDX-License-Identifier: Apache-2.0

/// What a configuration file said, flattened: `upstream: {endpoint: X}` is `upstream-endpoint`.
struct SettingsFile: Equatable {
  var path: String
  var values: [String: String]
}

extension SettingsFile {
  /// Reads and flattens a file.
  static func load(_ path: String) throws(ConfigurationError) -> SettingsFile {
    let bytes: [UInt8]
    do {
      bytes = try FileBytes.read(path, limit: YAMLReader.byteLimit)
    } catch {
      throw .unreadableFile(path: path, reason: error.reason)
    }
    do {
      return SettingsFile(path: path, values: try YAMLReader.values(of: bytes))
    } catch {
      throw .unreadableFile(path: path, reason: error.reason)
    }
  }
}

extension YAMLReader.Failure {
  var reason: String {
    switch self {
    case .syntax(let line, let problem): "line \(line): \(problem)"
    case .unsupported(let line, let what): "line \(line): \(what) is not understood here"
    case .duplicateKey(let line, let key): "line \(line): \(key) is set twice"
    }
  }
}
