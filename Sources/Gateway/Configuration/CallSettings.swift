// SPDX-License-Identifier: Apache-2.0

/// What one call may cost, each with its default and its reason.
enum CallSettings {
  static let requestLimit = Setting<Int>.bytes(
    "request-limit-bytes", help: "Largest request message taken, compressed or not.",
    in: 1_024...4_194_304, fallback: 65_536)

  /// What gRPC's own stacks refuse at; a usual call has some 400 bytes.
  static let metadataBytes = Setting<Int>.bytes(
    "metadata-limit-bytes",
    help: "Most metadata taken with a call: names, values and 32 bytes for each pair.",
    in: 1_024...65_536, fallback: 16_384)

  static let metadataFields = Setting<Int>.count(
    "metadata-limit-fields", help: "Most pairs of metadata taken with a call.",
    in: 16...1_024, fallback: 128)

  /// Below, gzip's own 18 bytes and the work outweigh what is saved.
  static let compressAbove = Setting<Int>.bytes(
    "compress-above-bytes",
    help: "Answers to callers that send gzip are compressed if they are larger than this.",
    in: 0...4_194_304, fallback: 1_024)

  static let section = SettingsSection(
    "What one call may cost",
    [
      SettingEntry(Self.requestLimit), SettingEntry(Self.metadataBytes),
      SettingEntry(Self.metadataFields), SettingEntry(Self.compressAbove),
    ])
}
