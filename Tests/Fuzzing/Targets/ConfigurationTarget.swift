// SPDX-License-Identifier: Apache-2.0

@testable import iot_jobs_gateway

/// The input is a configuration file.
enum ConfigurationTarget {
  static func run(_ bytes: [UInt8]) throws(BrokenClaim) {
    let root: YAMLNode?
    do throws(YAMLReader.Failure) {
      root = try YAMLReader.tree(of: bytes)
    } catch {
      return try Self.check(error, in: bytes)
    }
    if let root { try Self.checkTree(root) }
    let values: [String: String]
    do throws(YAMLReader.Failure) {
      values = try YAMLReader.values(of: bytes)
    } catch {
      return try Self.check(error, in: bytes)
    }
    try Self.checkSettings(values)
  }

  private static func check(
    _ failure: YAMLReader.Failure, in bytes: [UInt8]
  ) throws(BrokenClaim) {
    let line =
      switch failure {
      case .syntax(let line, _), .unsupported(let line, _), .duplicateKey(let line, _): line
      }
    // YAML also breaks lines at CR, NEL, LS and PS; each is a byte at least.
    try claim(1...bytes.count + 2 ~= line, "a fault is on a line of the file")
  }

  /// Writes the tree anew, all in quotes and on one line, and reads it again.
  private static func checkTree(_ root: YAMLNode) throws(BrokenClaim) {
    let text = root.quoted
    do throws(YAMLReader.Failure) {
      let again = try YAMLReader.tree(of: Array(text.utf8))
      guard again?.quoted == text else { throw .syntax(line: 1, problem: "another tree") }
    } catch {
      throw BrokenClaim(words: "a tree reads back: \(error)")
    }
  }

  /// Reads every setting of the policies from the values, known or not.
  private static func checkSettings(_ values: [String: String]) throws(BrokenClaim) {
    let file = SettingsFile(path: "gateway.yaml", values: values)
    let reader = SettingsReader(flags: [:], environment: [:], file: file)
    do throws(ConfigurationError) {
      _ = try ServeConfiguration(reader)
    } catch {
      try claim(!"\(error)".isEmpty, "an error has words")
    }
    for text in values.values {
      if let duration = Duration(setting: text) {
        try claim(Duration(setting: duration.settingText) == duration, "a duration reads back")
        try claim(.zero...(.seconds(86_400)) ~= duration, "a duration is a day at most")
      }
      if let rate = DecimalText.rate(text) {
        try claim(DecimalText.rates.contains(rate), "a rate is in its range")
      }
      if let count = DecimalText.byteCount(text) { try claim(count >= 0, "bytes are counted up") }
      _ = try? OverrideList(parsing: text)
    }
  }
}

extension YAMLNode {
  /// In YAML's flow style, scalars in double quotes. Says nothing of plain scalars.
  var quoted: String {
    switch self.content {
    case .scalar(let text, _): Self.quote(text)
    case .list(let nodes): "[" + nodes.map(\.quoted).joined(separator: ",") + "]"
    case .mapping(let entries):
      "{" + entries.map(Self.quote).joined(separator: ",") + "}"
    }
  }

  /// With the question mark that a key over 1024 characters needs (YAML 1.1, section 9.3.2).
  private static func quote(_ entry: Entry) -> String {
    "? " + Self.quote(entry.key) + ": " + entry.value.quoted
  }

  private static func quote(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      // Eight digits name any character (YAML 1.1, section 5.6).
      let digits = String(scalar.value, radix: 16)
      quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
    }
    return quoted + "\""
  }
}
