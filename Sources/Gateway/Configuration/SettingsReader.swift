// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration

/// Finds each setting's value: flag before environment before file before default.
struct SettingsReader: Sendable {
  static let variablePrefix = "IOT_JOBS_GATEWAY_"

  /// `upstream-endpoint` is `IOT_JOBS_GATEWAY_UPSTREAM_ENDPOINT`.
  static func variable(for name: String) -> String {
    Self.variablePrefix + String(name.uppercased().map { $0 == "-" ? "_" : $0 })
  }

  /// Texts by setting name, as the command line gave them.
  let flags: [String: String]
  let environment: [String: String]
  let file: SettingsFile?

  /// The layers of settings, with the file that flags or environment name.
  static func load(
    flags: [String: String], environment: [String: String]
  ) throws(ConfigurationError) -> SettingsReader {
    let withoutFile = SettingsReader(flags: flags, environment: environment, file: nil)
    guard let path = try withoutFile.optional(SharedSettings.config) else { return withoutFile }
    let file = try SettingsFile.load(path)
    return SettingsReader(flags: flags, environment: environment, file: file)
  }

  /// Reads a setting that has a default.
  func value<Value>(_ setting: Setting<Value>) throws(ConfigurationError) -> Value {
    guard let value = try self.optional(setting) else {
      throw .missing(name: setting.name, why: "it is \(setting.allowed)")
    }
    return value
  }

  /// Reads a setting; nil when nobody set it and it has no default.
  func optional<Value>(_ setting: Setting<Value>) throws(ConfigurationError) -> Value? {
    guard let (text, origin) = self.find(setting.name, fallback: setting.fallback) else {
      return nil
    }
    return try self.read(setting, text, origin)
  }

  /// Reads a setting that AWS's own variables and files may set as well: nil when nobody set it
  /// here, whatever its default.
  func sourced<Value>(
    _ setting: Setting<Value>
  ) throws(ConfigurationError) -> Sourced<Value>? {
    guard let (text, origin) = self.find(setting.name, fallback: nil) else { return nil }
    return Sourced(
      try self.read(setting, text, origin), from: .program(origin.spelling(of: setting.name)))
  }

  private func read<Value>(
    _ setting: Setting<Value>, _ text: String, _ origin: ValueOrigin
  ) throws(ConfigurationError) -> Value {
    do throws(Misfit) {
      return try setting.read(text)
    } catch {
      throw .badValue(
        name: setting.name, value: setting.isSecret ? nil : error.part, origin: origin,
        allowed: setting.allowed, reason: error.reason,
        suggestion: setting.isSecret
          ? nil : Suggestion.nearest(to: error.part, among: setting.words))
    }
  }

  /// The text that counts for a setting, as somebody wrote it.
  func find(_ name: String, fallback: String?) -> (text: String, origin: ValueOrigin)? {
    if let text = self.flags[name] { return (text, .flag) }
    // An empty variable is an unset one, as in AWS's own tools.
    let variable = Self.variable(for: name)
    if let text = self.environment[variable], !text.isEmpty {
      return (text, .environment(variable: variable))
    }
    if let file = self.file, let text = file.values[name] {
      return (text, .file(path: file.path, line: file.lines[name]))
    }
    return fallback.map { ($0, .fallback) }
  }

  /// Refuses a key in the file that names no setting: most are slips of the pen.
  func rejectUnknownFileKeys(known: Set<String>) throws(ConfigurationError) {
    if let first = self.unknownFileKeys(known: known, suggestions: 1).first { throw first }
  }

  /// A fault for each key in the file that names no setting, in the order of the lines.
  ///
  /// - Parameter suggestions: For how many of them it is looked up what may be meant. More are not
  ///   slips of the pen but another program's file.
  func unknownFileKeys(known: Set<String>, suggestions: Int = 20) -> [ConfigurationError] {
    guard let file = self.file else { return [] }
    return file.values.keys.filter { !known.contains($0) }
      .sorted { (file.lines[$0] ?? 0, $0) < (file.lines[$1] ?? 0, $1) }
      .enumerated().map { index, key in
        .unknownFileKey(
          key, path: file.path, line: file.lines[key],
          suggestion: index < suggestions ? Suggestion.nearest(to: key, among: known) : nil)
      }
  }

  /// Variables with our prefix that name no setting. They only deserve a warning: Kubernetes
  /// injects `IOT_JOBS_GATEWAY_SERVICE_HOST` and the like when a Service has our name.
  func unknownVariables(known: Set<String>) -> [String] {
    let variables = Set(known.map(Self.variable(for:)))
    return self.environment.keys
      .filter { $0.hasPrefix(Self.variablePrefix) && !variables.contains($0) }
      .sorted()
  }

  /// The variable that an unknown one is most likely a slip of; nil when there is none.
  static func suggestion(for variable: String, known: Set<String>) -> String? {
    let name = String(variable.dropFirst(Self.variablePrefix.count))
    return Suggestion.nearest(to: name, among: known).map(Self.variable(for:))
  }
}
