// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The texts that flags gave, under their settings' names.
struct FlagTable {
  private(set) var values: [String: String] = [:]

  mutating func take<Value>(_ setting: Setting<Value>, _ text: String?) {
    if let text { self.values[setting.name] = text }
  }

  /// A repeated flag is a list, which is comma-separated everywhere else.
  mutating func take<Value>(_ setting: Setting<Value>, _ texts: [String]) {
    if !texts.isEmpty { self.values[setting.name] = texts.joined(separator: ",") }
  }

  /// A flag without a value can only say yes.
  mutating func take(_ setting: Setting<Bool>, _ isGiven: Bool) {
    if isGiven { self.values[setting.name] = "true" }
  }
}

extension ArgumentHelp {
  /// One line for `--help`: what it is, its default, and nothing that the setting does not say.
  static func of<Value>(_ setting: Setting<Value>) -> ArgumentHelp {
    let fallback = setting.fallback.map { " (default: \($0))" } ?? ""
    return ArgumentHelp("\(setting.help)\(fallback)")
  }
}
