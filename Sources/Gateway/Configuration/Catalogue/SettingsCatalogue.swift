// SPDX-License-Identifier: Apache-2.0

/// Settings that belong together, under a title.
struct SettingsSection: Sendable {
  let title: String
  let entries: [SettingEntry]

  init(_ title: String, _ entries: [SettingEntry]) {
    self.title = title
    self.entries = entries
  }

  var names: Set<String> { Set(self.entries.map(\.name)) }
}

/// All that a command can be told: the one schema of flags, variables and file.
struct SettingsCatalogue: Sendable {
  let sections: [SettingsSection]
  let names: Set<String>

  init(_ sections: [SettingsSection]) {
    self.sections = sections
    self.names = sections.reduce(into: []) { $0.formUnion($1.names) }
  }

  /// In the order of the sections.
  var entries: [SettingEntry] { self.sections.flatMap(\.entries) }
}
