// SPDX-License-Identifier: Apache-2.0

// The configuration knows names, texts and what is allowed. It opens nothing and starts nothing:
// a wrong value is found before any port is bound.

/// One thing that a user can set, by flag, environment variable or file.
///
/// In all three its value is a text; lists are comma-separated. The name is the flag without its
/// dashes, and the key in the file; the variable is the name in capitals after `IOT_JOBS_GATEWAY_`.
struct Setting<Value: Sendable>: Sendable {
  let name: String
  let help: String
  /// What a value may be, in words that finish "is not …".
  let allowed: String
  /// The default, written as a user would write it; nil when there is none.
  let fallback: String?
  /// True for what must not be repeated in an error.
  let isSecret: Bool
  /// What a number counts; nil for what has no unit.
  var unit: SettingUnit?
  /// All that it may be, when that is a closed list.
  var words: [String] = []
  let read: @Sendable (String) throws(Misfit) -> Value

  /// - Parameter parse: answers nil for what is not allowed, when `allowed` says all there is to say.
  init(
    _ name: String, help: String, allowed: String, fallback: String? = nil,
    isSecret: Bool = false, parse: @escaping @Sendable (String) -> Value?
  ) {
    self.init(
      name, help: help, allowed: allowed, fallback: fallback, isSecret: isSecret
    ) { (text) throws(Misfit) in
      guard let value = parse(text) else { throw Misfit(part: text) }
      return value
    }
  }

  /// - Parameter read: throws what is not allowed, with the part at fault and the reason.
  init(
    _ name: String, help: String, allowed: String, fallback: String? = nil,
    isSecret: Bool = false, read: @escaping @Sendable (String) throws(Misfit) -> Value
  ) {
    self.name = name
    self.help = help
    self.allowed = allowed
    self.fallback = fallback
    self.isSecret = isSecret
    self.read = read
  }

  var variable: String { SettingsReader.variable(for: self.name) }
}

/// What the number of a setting counts.
enum SettingUnit: String, Sendable {
  case bytes
  case callsPerSecond = "calls per second"
  /// With its own unit behind the number.
  case duration
}

/// Why a text is no value of a setting.
struct Misfit: Error, Equatable {
  /// The part of the text that is at fault.
  var part: String
  /// What is wrong with it; nil when that is clear from what is allowed.
  var reason: String?

  init(part: String, reason: String? = nil) {
    self.part = part
    self.reason = reason
  }

  /// A text that was to be a URL and is none. Who writes a user name into a URL may have written a
  /// password behind it, and who writes a query a key.
  init(url text: String) {
    let query = text.firstIndex { $0 == "?" || $0 == "#" }
    self.init(part: text.contains("@") ? "…@…" : query.map { text[...$0] + "…" } ?? text)
  }
}

extension Setting where Value == Int {
  /// A whole number in a range.
  static func count(
    _ name: String, help: String, in range: ClosedRange<Int>, fallback: Int
  ) -> Setting<Int> {
    Setting(
      name, help: help,
      allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)",
      fallback: String(fallback)
    ) { text in
      guard let number = Int(text), range.contains(number) else { return nil }
      return number
    }
  }

  /// The same, of bytes.
  static func bytes(
    _ name: String, help: String, in range: ClosedRange<Int>, fallback: Int
  ) -> Setting<Int> {
    var setting = Self.count(name, help: help, in: range, fallback: fallback)
    setting.unit = .bytes
    return setting
  }
}

extension Setting where Value == Bool {
  static func toggle(_ name: String, help: String) -> Setting<Bool> {
    Self.word(name, help: help, fallback: "false")
  }

  /// A toggle that is on until somebody says `false`.
  static func onUnlessFalse(_ name: String, help: String) -> Setting<Bool> {
    Self.word(name, help: help, fallback: "true")
  }

  /// A toggle that somebody else decides when nobody sets it.
  static func wish(_ name: String, help: String) -> Setting<Bool> {
    Self.word(name, help: help, fallback: nil)
  }

  private static func word(_ name: String, help: String, fallback: String?) -> Setting<Bool> {
    var setting = Setting(name, help: help, allowed: "true or false", fallback: fallback) { text in
      switch text {
      case "true": true
      case "false": false
      default: nil
      }
    }
    setting.words = ["true", "false"]
    return setting
  }
}

extension Setting where Value == Duration {
  /// A duration with its unit: `250ms`, `5s`, `2m`.
  static func duration(
    _ name: String, help: String, atLeast floor: Duration = .milliseconds(1), fallback: String
  ) -> Setting<Duration> {
    let range = "from \(floor == .zero ? "0s" : floor.settingText) to 24h"
    var setting = Setting(
      name, help: help, allowed: "a duration such as 250ms, 5s or 2m, \(range)",
      fallback: fallback
    ) { text in
      guard let duration = Duration(setting: text), duration >= floor else { return nil }
      return duration
    }
    setting.unit = .duration
    return setting
  }
}

extension Setting where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
  /// One word of a closed list.
  ///
  /// - Parameter fallback: nil when other settings say what holds if this one is not set.
  static func choice(_ name: String, help: String, fallback: Value?) -> Setting<Value> {
    let words = Value.allCases.map(\.rawValue)
    var setting = Setting(
      name, help: help, allowed: "one of \(words.joined(separator: ", "))",
      fallback: fallback?.rawValue
    ) { Value(rawValue: $0) }
    setting.words = words
    return setting
  }
}

extension Duration {
  /// Reads a whole number and its unit, `ms`, `s`, `m` or `h`; nil for anything else.
  init?(setting text: String) {
    let units: [(suffix: String, milliseconds: Int64)] = [
      ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000),
    ]
    guard let unit = units.first(where: { text.hasSuffix($0.suffix) }) else { return nil }
    guard let count = Int64(text.dropLast(unit.suffix.count)), count >= 0,
      count <= 86_400_000 / unit.milliseconds
    else { return nil }
    self = .milliseconds(count * unit.milliseconds)
  }

  /// Without what is less than one. Dividing durations goes through floating point, and may come out
  /// one too low.
  var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = self.components
    return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
  }

  /// As one would write it in a setting, in the largest unit that leaves no rest; what is less than
  /// a millisecond is left out.
  var settingText: String {
    let milliseconds = self.wholeMilliseconds
    let units: [(suffix: String, milliseconds: Int64)] = [
      ("h", 3_600_000), ("m", 60_000), ("s", 1_000),
    ]
    let unit = units.first { milliseconds % $0.milliseconds == 0 && milliseconds > 0 }
    guard let unit else { return "\(milliseconds)ms" }
    return "\(milliseconds / unit.milliseconds)\(unit.suffix)"
  }
}
