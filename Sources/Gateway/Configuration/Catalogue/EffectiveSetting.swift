// SPDX-License-Identifier: Apache-2.0

/// What a setting is, and who said so: a row of `config print` and of the operator's `/config`.
struct EffectiveSetting: Equatable, Sendable {
  /// Stands for a secret that is set. What it is leaves this program in no other way than to whom it
  /// is for.
  static let redacted = "(set, not shown)"

  let name: String
  /// The title of the settings that it belongs to.
  let section: String
  let help: String
  /// What it may be, with its limits.
  let allowed: String
  /// The default, as one would write it; nil if there is none.
  let fallback: String?
  /// What a number counts, in words; nil for what has no unit.
  let unit: String?
  let isSecret: Bool
  /// A new value in the file counts without a restart.
  let changesWhileRunning: Bool
  /// As it was written; ``redacted`` for a secret; nil if it is not set and has no default.
  let value: String?
  /// `--threads`, `IOT_JOBS_GATEWAY_THREADS`, `gateway.yaml, line 3`, `AWS_REGION`, `default`; nil if
  /// it is not set and has no default.
  let source: String?
}

extension EffectiveSetting {
  static let fallbackSource = "default"

  /// - Parameter found: the text that counts and the words for where it was found.
  init(_ entry: SettingEntry, in section: String, found: (value: String, source: String)?) {
    self.name = entry.name
    self.section = section
    self.help = entry.help
    self.allowed = entry.allowed
    self.fallback = entry.isSecret ? nil : entry.fallback
    self.unit = entry.unit?.rawValue
    self.isSecret = entry.isSecret
    self.changesWhileRunning = entry.change == .whileRunning
    self.value = entry.isSecret ? found.map { _ in Self.redacted } : found?.value
    self.source = found?.source
  }
}

extension SettingsCatalogue {
  /// What counts for each setting, in order, as flags, variables and file have it.
  func effective(_ reader: SettingsReader) -> [EffectiveSetting] {
    self.effective(reader) { _ in nil }
  }

  /// - Parameter elsewhere: what AWS's own settings say, where ours say nothing.
  func effective(
    _ reader: SettingsReader, elsewhere: (String) -> (value: String, source: String)?
  ) -> [EffectiveSetting] {
    self.sections.flatMap { section in
      section.entries.map { entry in
        let found =
          reader.find(entry.name, fallback: nil).map { ($0.text, $0.origin.place(of: entry.name)) }
          ?? elsewhere(entry.name)
          ?? entry.fallback.map { ($0, EffectiveSetting.fallbackSource) }
        return EffectiveSetting(entry, in: section.title, found: found)
      }
    }
  }
}
