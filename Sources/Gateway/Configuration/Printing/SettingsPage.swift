// SPDX-License-Identifier: Apache-2.0

/// Settings as a file that could be given to `--config`.
enum SettingsPage {
  /// Every setting with its meaning, its limits and its default, to be copied and changed.
  static func defaults(of catalogue: SettingsCatalogue) -> String {
    var page = YAMLText.comment(
      "The settings of iot-jobs-gateway \(Version.text), each with its default. A key is the name "
        + "of a flag; before the file counts the variable \(SettingsReader.variablePrefix) and the "
        + "name in capitals, before that the flag.")
    page += "#\n"
    page += YAMLText.comment(
      "Keys may be nested at their hyphens, upstream: {endpoint: X} for upstream-endpoint: X, and "
        + "lists written as lists. Keys that begin with # are not set.")
    for section in catalogue.sections {
      page += "\n\n# ---- \(section.title) ----\n"
      // Where the file is cannot be told in the file.
      for entry in section.entries where entry.name != SharedSettings.config.name {
        page += "\n" + Self.explained(entry)
      }
    }
    return page
  }

  private static func explained(_ entry: SettingEntry) -> String {
    let unit = entry.unit.map { " Unit: \($0.rawValue)." } ?? ""
    let fallback = entry.fallback.map { entry.isSecret ? "not shown" : $0 } ?? "none"
    let change =
      entry.change == .whileRunning ? "at once" : "when the gateway starts"
    let isSet = entry.fallback != nil && entry.isPlainWhenUnset && !entry.isSecret
    let value = entry.isSecret ? nil : entry.fallback.map(YAMLText.scalar)
    return YAMLText.comment(entry.help)
      + YAMLText.comment("Allowed: \(entry.allowed).\(unit)")
      + YAMLText.comment("Default: \(fallback). A change counts \(change).")
      + "\(isSet ? "" : "#")\(entry.name):\(value.map { " \($0)" } ?? "")\n"
  }

  /// What counts for each setting, with the place that says so.
  static func effective(
    _ settings: [EffectiveSetting], of catalogue: SettingsCatalogue
  ) -> String {
    let unprinted = Set(catalogue.entries.filter { !$0.isPlainWhenUnset }.map(\.name))
    var page = ""
    var section: String?
    for setting in settings {
      if setting.section != section {
        page += "\(section == nil ? "" : "\n")# ---- \(setting.section) ----\n"
        section = setting.section
      }
      let isUnset = setting.source == EffectiveSetting.fallbackSource
      page += Self.line(setting, isComment: isUnset && unprinted.contains(setting.name))
    }
    return page
  }

  /// A key with a value, and its source from the same column on wherever there is room.
  private static func line(_ setting: EffectiveSetting, isComment: Bool) -> String {
    guard let value = setting.value, let source = setting.source else {
      return "#\(setting.name):\n"
    }
    let text =
      setting.isSecret
      ? "#\(setting.name): \(value)"
      : "\(isComment ? "#" : "")\(setting.name): \(YAMLText.scalar(value))"
    let gap = String(repeating: " ", count: max(2, 56 - text.count))
    let place = source.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return "\(text)\(gap)# \(place)\n"
  }
}
