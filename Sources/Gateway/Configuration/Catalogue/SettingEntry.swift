// SPDX-License-Identifier: Apache-2.0

/// A setting whatever the type of its value: what people and tools want to know of it.
struct SettingEntry: Sendable {
  /// When a new value counts.
  enum Change: Equatable, Sendable {
    case atStart
    /// At once, when the file is read again.
    case whileRunning
  }

  let name: String
  let help: String
  let allowed: String
  let fallback: String?
  let unit: SettingUnit?
  let words: [String]
  let isSecret: Bool
  let change: Change
  /// False for one whose default holds only as long as nobody sets it: AWS's own settings decide
  /// then, or to set it says that there is something to set it for.
  let isPlainWhenUnset: Bool
  /// Nil for a value that is fine, or that nobody set.
  let fault: @Sendable (SettingsReader) -> ConfigurationError?
  /// Whether both say the same; spelling does not count.
  let isSame: @Sendable (SettingsReader, SettingsReader) -> Bool

  init<Value: Equatable>(
    _ setting: Setting<Value>, _ change: Change = .atStart, isPlainWhenUnset: Bool = true
  ) {
    self.name = setting.name
    self.help = setting.help
    self.allowed = setting.allowed
    self.fallback = setting.fallback
    self.unit = setting.unit
    self.words = setting.words
    self.isSecret = setting.isSecret
    self.change = change
    self.isPlainWhenUnset = isPlainWhenUnset
    self.fault = { reader in
      do throws(ConfigurationError) {
        _ = try reader.optional(setting)
        return nil
      } catch {
        return error
      }
    }
    self.isSame = { (try? $0.optional(setting)) == (try? $1.optional(setting)) }
  }

  var variable: String { SettingsReader.variable(for: self.name) }
}
