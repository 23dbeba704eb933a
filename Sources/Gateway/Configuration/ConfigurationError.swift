// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import Transport

/// Why a configuration is refused, in words for the person who wrote it.
enum ConfigurationError: Error, Equatable {
  case badValue(
    name: String, value: String?, origin: ValueOrigin, allowed: String, reason: String? = nil,
    suggestion: String? = nil)
  case missing(name: String, why: String)
  case unknownFileKey(String, path: String, line: Int? = nil, suggestion: String? = nil)
  case unreadableFile(path: String, reason: String)
  /// What AWS's own variables and shared files say cannot be used.
  case aws(AWSConfigurationError)
  case refused(String)

  /// The exit status, from sysexits(3): a flag is usage, the rest is configuration.
  var exitCode: Int32 {
    switch self {
    case .badValue(_, _, .flag, _, _, _): 64
    case .unreadableFile: 66
    case .badValue, .missing, .unknownFileKey, .aws, .refused: 78
    }
  }
}

extension ConfigurationError {
  static func insecureRemote(_ address: ListenAddress, _ setting: String) -> ConfigurationError {
    .refused(
      "--\(setting) \(address): other machines would reach it without TLS; "
        + "set --allow-insecure-remote if the network is trusted")
  }

  static func cacheTooSmall(_ bytes: Int, threads: Int) -> ConfigurationError {
    let least = TrafficSettings.leastCacheBytesPerThread / 1_024
    return .refused(
      "--cache-bytes \(bytes): \(threads) threads share it and each needs \(least)KiB; "
        + "set at least \(least * threads)KiB, or 0 to store none")
  }
}

extension ConfigurationError: CustomStringConvertible {
  var description: String {
    switch self {
    case .badValue(let name, let value, let origin, let allowed, let reason, let suggestion):
      let shown = value.map { "\"\($0)\"" } ?? "the value"
      let why = reason.map { ": \($0)" } ?? ""
      let place = origin.spelling(of: name)
      return "\(place): \(shown) is not \(allowed)\(why)\(Self.question(suggestion))"
    case .missing(let name, let why):
      return "\(name) is not set: \(why)"
    case .unknownFileKey(let key, let path, let line, let suggestion):
      let place = ValueOrigin.place(path, line)
      return "\(place): unknown key \"\(key)\"\(Self.question(suggestion))"
    case .unreadableFile(let path, let reason):
      return "\(path): \(reason)"
    case .aws(let error):
      return error.description
    case .refused(let reason):
      return reason
    }
  }
}

extension ConfigurationError {
  private static func question(_ suggestion: String?) -> String {
    suggestion.map { "; did you mean \"\($0)\"?" } ?? ""
  }

  /// Nobody has set what variables or files set where the program will run.
  var isOfThePlace: Bool {
    if case .missing(UpstreamSettings.region.name, _) = self { true } else { false }
  }

  /// The line of the file that is at fault; nil when none is, or nobody knows which.
  var line: Int? {
    switch self {
    case .badValue(_, _, .file(_, let line), _, _, _), .unknownFileKey(_, _, let line, _): line
    case .badValue, .missing, .unreadableFile, .aws, .refused: nil
    }
  }
}

/// Where a value was found.
enum ValueOrigin: Equatable, Sendable {
  case flag
  case environment(variable: String)
  case file(path: String, line: Int?)
  case fallback

  func spelling(of name: String) -> String {
    switch self {
    case .flag: "--\(name)"
    case .environment(let variable): variable
    case .file(let path, let line): "\(Self.place(path, line)): \(name)"
    case .fallback: name
    }
  }

  /// Where it is, for somebody who knows the setting's name.
  func place(of name: String) -> String {
    switch self {
    case .flag: "--\(name)"
    case .environment(let variable): variable
    case .file(let path, let line): Self.place(path, line)
    case .fallback: "default"
    }
  }

  static func place(_ path: String, _ line: Int?) -> String {
    line.map { "\(path), line \($0)" } ?? path
  }
}
