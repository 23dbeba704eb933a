// SPDX-License-Identifier: Apache-2.0

/// Why a changed file is not taken: every fault, so that one more try suffices.
struct SettingsRefusal: Error, Equatable, CustomStringConvertible {
  /// More would fill the log and not be read.
  private static let limit = 20

  var faults: [String]

  var description: String {
    let shown = self.faults.prefix(Self.limit).joined(separator: "; ")
    let rest = self.faults.count - Self.limit
    return rest > 0 ? "\(shown); and \(rest) more" : shown
  }
}

extension ServeConfiguration {
  /// What a changed file makes of this configuration, with the same flags and variables.
  ///
  /// - Throws: What is wrong with the file, or all that it changes and that cannot change while the
  ///   gateway runs.
  func successor(
    file bytes: [UInt8], of path: String
  ) throws(SettingsRefusal) -> ServeConfiguration {
    let next = try self.rereading(bytes, of: path)
    let fixed = self.fixedSettings(changedIn: next)
    guard fixed.isEmpty else { throw SettingsRefusal(faults: fixed) }
    return next
  }

  private func rereading(
    _ bytes: [UInt8], of path: String
  ) throws(SettingsRefusal) -> ServeConfiguration {
    var faults: [ConfigurationError] = []
    do throws(ConfigurationError) {
      let reader = SettingsReader(
        flags: self.reader.flags, environment: self.reader.environment,
        file: try SettingsFile(parsing: bytes, of: path))
      faults = Self.faults(reader)
      if faults.isEmpty { return try ServeConfiguration(reader) }
    } catch {
      faults = [error]
    }
    throw SettingsRefusal(faults: faults.map(\.description))
  }

  /// Settings that a successor has otherwise, and that count only when the gateway starts.
  private func fixedSettings(changedIn next: ServeConfiguration) -> [String] {
    let (before, after) = (self.effectiveSettings, next.effectiveSettings)
    return zip(Self.catalogue.entries, zip(before, after)).compactMap { entry, pair in
      let isChanged =
        !entry.isSame(self.reader, next.reader)
        // AWS's own settings may have said the same before.
        && (entry.isSecret || pair.0.value != pair.1.value)
      guard isChanged, entry.change == .atStart else { return nil }
      // Where the new value stands; nowhere if the old one was taken out.
      let source = pair.1.source == EffectiveSetting.fallbackSource ? nil : pair.1.source
      let place = source.map { "\($0): " } ?? ""
      return "\(place)\(entry.name) cannot change while the gateway runs; restart it for that"
    }
  }
}
