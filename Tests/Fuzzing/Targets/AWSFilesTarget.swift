// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration

/// The first line is the environment, `NAME=VALUE` apart by blanks; the rest is both files: the
/// config file, then a line of `%`, then the credentials file.
enum AWSFilesTarget {
  static func run(_ bytes: [UInt8]) throws(BrokenClaim) {
    var input = InputReader(bytes)
    let environment = AWSEnvironment(Self.variables(input.line()))
    let files = input.rest.split(
      separator: UInt8(ascii: "%"), maxSplits: 1, omittingEmptySubsequences: false)
    let config = try Self.file(Array(files[0]), kind: .config)
    let credentials = try Self.file(files.count > 1 ? Array(files[1]) : [], kind: .credentials)
    let shared = SharedConfiguration(config: config, credentials: credentials)

    let settings: AWSSettings
    do throws(AWSConfigurationError) {
      settings = try AWSSettings(environment: environment, shared: shared)
    } catch {
      return try Self.check(error)
    }
    for warning in settings.warnings { try Self.checkOneLine(warning) }
    let plan = CredentialPlan(settings)
    try claim(!plan.steps.isEmpty, "every source is looked at")
    try Self.checkOneLine(plan.absences)
    for step in plan.steps {
      if case .refused(let error) = step.finding { try Self.check(error) }
    }
    try Self.checkEndpoint(settings)
    do throws(AWSConfigurationError) {
      _ = try ProxySettings(environment)
    } catch {
      try Self.check(error)
    }
  }

  private static func checkEndpoint(_ settings: AWSSettings) throws(BrokenClaim) {
    let endpoint: ServiceEndpoint
    do throws(AWSConfigurationError) {
      endpoint = try settings.endpoint(for: .iotJobsData)
    } catch {
      return try Self.check(error)
    }
    try Self.checkOneLine(endpoint.url.text)
    try claim(HTTPURL(endpoint.url.text) == endpoint.url, "an endpoint's URL reads back")
  }

  private static func variables(_ line: ArraySlice<UInt8>) -> [String: String] {
    var variables: [String: String] = [:]
    for word in line.split(separator: UInt8(ascii: " ")) {
      let name = word.prefix { $0 != UInt8(ascii: "=") }
      variables[String(decoding: name, as: UTF8.self)] = String(
        decoding: word.dropFirst(name.count + 1), as: UTF8.self)
    }
    return variables
  }

  private static func file(
    _ bytes: [UInt8], kind: SharedFile.Kind
  ) throws(BrokenClaim) -> SharedFile? {
    do throws(AWSConfigurationError) {
      return try SharedFile(parsing: bytes, kind: kind, path: "file")
    } catch {
      try Self.check(error)
      return nil
    }
  }

  private static func check(_ error: AWSConfigurationError) throws(BrokenClaim) {
    try Self.checkOneLine(error.description)
  }

  private static func checkOneLine(_ text: String) throws(BrokenClaim) {
    try claim(
      !text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F },
      "what an operator reads is one line: \(text)")
  }
}
