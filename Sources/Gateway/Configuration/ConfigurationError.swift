// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import Transport

/// Why a configuration is refused, in words for the person who wrote it.
enum ConfigurationError: Error, Equatable {
  case badValue(
    name: String, value: String?, origin: ValueOrigin, allowed: String, reason: String? = nil)
  case missing(name: String, why: String)
  case unknownFileKey(String, path: String)
  case unreadableFile(path: String, reason: String)
  /// What AWS's own variables and shared files say cannot be used.
  case aws(AWSConfigurationError)
  case refused(String)

  /// The exit status, from sysexits(3): a flag is usage, the rest is configuration.
  var exitCode: Int32 {
    switch self {
    case .badValue(_, _, .flag, _, _): 64
    case .unreadableFile: 66
    case .badValue, .missing, .unknownFileKey, .aws, .refused: 78
    }
  }
}

extension ConfigurationError {
  static func insecureRemote(_ address: ListenAddress) -> ConfigurationError {
    .refused(
      "--listen \(address): other machines would reach it without TLS; "
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
    case .badValue(let name, let value, let origin, let allowed, let reason):
      let shown = value.map { "\"\($0)\"" } ?? "the value"
      let why = reason.map { ": \($0)" } ?? ""
      return "\(origin.spelling(of: name)): \(shown) is not \(allowed)\(why)"
    case .missing(let name, let why):
      return "\(name) is not set: \(why)"
    case .unknownFileKey(let key, let path):
      return "\(path): unknown key \"\(key)\""
    case .unreadableFile(let path, let reason):
      return "\(path): \(reason)"
    case .aws(let error):
      return error.description
    case .refused(let reason):
      return reason
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
