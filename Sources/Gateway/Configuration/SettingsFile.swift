// SPDX-License-Identifier: Apache-2.0

/// What a configuration file said, flattened: `upstream: {endpoint: X}` is `upstream-endpoint`.
struct SettingsFile: Equatable, Sendable {
  var path: String
  var values: [String: String]
  /// Where each is set, counted from one.
  var lines: [String: Int] = [:]
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
    return try SettingsFile(parsing: bytes, of: path)
  }

  init(parsing bytes: [UInt8], of path: String) throws(ConfigurationError) {
    do throws(YAMLReader.Failure) {
      let table = try YAMLFlattener(YAMLReader.tree(of: bytes))
      self.init(path: path, values: table.values, lines: table.lines)
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
