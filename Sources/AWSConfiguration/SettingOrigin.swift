// SPDX-License-Identifier: Apache-2.0

/// A line of a file, counted from 1.
package struct FilePlace: Hashable, Sendable, CustomStringConvertible {
  package let file: String
  package let line: Int

  package init(file: String, line: Int) {
    self.file = file
    self.line = line
  }

  package var description: String { "\(self.file), line \(self.line)" }
}

/// Where a setting comes from, for the log line and the error text that name it.
package enum SettingOrigin: Hashable, Sendable {
  /// A setting of this program's own, by its name: `--upstream-endpoint`.
  case program(String)
  case environment(variable: String)
  /// A key of a profile in one of the shared files.
  case profile(String, key: String, FilePlace)
  /// A key of a service's block in a `[services …]` section.
  case services(String, key: String, FilePlace)
  /// AWS's rule set: nothing was configured.
  case ruleSet
  /// AWS's answer to DescribeEndpoint.
  case describeEndpoint
}

extension SettingOrigin: CustomStringConvertible {
  package var description: String {
    switch self {
    case .program(let name): name
    case .environment(let variable): variable
    case .profile(let name, let key, let place):
      "\(key) in profile \(PeerText.clean(name)) (\(place))"
    case .services(let name, let key, let place):
      "\(key) in services \(PeerText.clean(name)) (\(place))"
    case .ruleSet: "AWS's rule set"
    case .describeEndpoint: "iot:DescribeEndpoint"
    }
  }
}

/// A value with the place it came from.
package struct Sourced<Value: Sendable>: Sendable {
  package let value: Value
  package let origin: SettingOrigin

  package init(_ value: Value, from origin: SettingOrigin) {
    self.value = value
    self.origin = origin
  }
}

extension Sourced: Equatable where Value: Equatable {}
