// SPDX-License-Identifier: Apache-2.0

extension ServeConfiguration {
  /// All that is wrong with the settings, not only what is met first, in the order of the file's
  /// lines; empty for what `init` takes.
  ///
  /// What settings have to do with each other is looked at part by part: in a part that does not
  /// read, its own fault hides it.
  static func faults(_ reader: SettingsReader) -> [ConfigurationError] {
    var faults = reader.unknownFileKeys(known: Self.settingNames)
    faults += Self.catalogue.entries.compactMap { $0.fault(reader) }
    func note(_ part: () throws(ConfigurationError) -> Void) {
      do throws(ConfigurationError) {
        try part()
      } catch {
        if !faults.contains(error) { faults.append(error) }
      }
    }
    note { () throws(ConfigurationError) in
      let listening = try ListenConfiguration(reader)
      _ = try AccessConfiguration(reader, callerKinds: listening.callerKinds)
    }
    note { () throws(ConfigurationError) in _ = try UpstreamPlan(reader) }
    note { () throws(ConfigurationError) in _ = try ServeConfiguration(reader) }
    return faults.enumerated().sorted {
      ($0.element.line ?? .max, $0.offset) < ($1.element.line ?? .max, $1.offset)
    }.map(\.element)
  }
}
