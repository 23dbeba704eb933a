// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import TrafficPolicy

/// Limits for things by name, read from entries such as `lab-*=100/200:50/100` and `door-7=off`.
struct OverrideList: Equatable, Sendable {
  /// More would make a fleet's registry of the configuration, which it is not.
  static let entryLimit = 1_000

  private(set) var exact: [String: ThingLimits] = [:]
  private(set) var prefixes: [String: ThingLimits] = [:]

  init() {}

  /// Reads comma-separated entries. What does not read is told with the entry and the reason.
  init(parsing text: String) throws(Misfit) {
    let entries = text.split(separator: ",", omittingEmptySubsequences: false)
    guard entries.count <= Self.entryLimit else {
      throw Misfit(
        part: "\(entries[0]),…", reason: "\(entries.count) entries, at most \(Self.entryLimit)")
    }
    for entry in entries {
      do throws(EntryFault) {
        try self.add(entry)
      } catch {
        throw Misfit(part: String(entry), reason: error.reason)
      }
    }
  }

  private struct EntryFault: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
  }

  private mutating func add(_ entry: Substring) throws(EntryFault) {
    guard let equals = entry.firstIndex(of: "=") else {
      throw EntryFault("no \"=\" between name and limits")
    }
    let pattern = entry[..<equals]
    let limits = try Self.limits(entry[entry.index(after: equals)...])
    let isPrefix = pattern.hasSuffix("*")
    let name = String(isPrefix ? pattern.dropLast() : pattern)
    try Self.check(name, isPrefix: isPrefix)
    let earlier =
      isPrefix
      ? self.prefixes.updateValue(limits, forKey: name)
      : self.exact.updateValue(limits, forKey: name)
    if earlier != nil { throw EntryFault("\(pattern) has limits already") }
  }

  private static func check(_ name: String, isPrefix: Bool) throws(EntryFault) {
    if isPrefix, name.isEmpty {
      throw EntryFault("\"*\" alone is every thing, whose limits have flags of their own")
    }
    let call = GetPendingJobExecutions(thingName: name)
    if let violation = call.violations(limit: 1).first {
      throw EntryFault("the thing's name \(violation.rule)")
    }
  }

  private static func limits(_ text: Substring) throws(EntryFault) -> ThingLimits {
    if text == "off" { return .unlimited }
    let sides = text.split(separator: ":", omittingEmptySubsequences: false)
    guard sides.count == 2 else {
      throw EntryFault("reads and writes must be two, with \":\" between them")
    }
    return ThingLimits(
      reads: try Self.limit(sides[0], of: .read), writes: try Self.limit(sides[1], of: .write))
  }

  private static func limit(
    _ text: Substring, of kind: CallKind
  ) throws(EntryFault) -> RateLimit? {
    if text == "off" { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw EntryFault("the limit of \(kind)s must be RATE/BURST or off")
    }
    guard let rate = DecimalText.rate(parts[0]) else {
      throw EntryFault("the rate of \(kind)s must be \(DecimalText.ratesInWords)")
    }
    guard let burst = DecimalText.burst(parts[1]) else {
      let bursts = DecimalText.bursts
      throw EntryFault(
        "the burst of \(kind)s must be a whole number from \(bursts.lowerBound) to "
          + "\(bursts.upperBound)")
    }
    return RateLimit(perSecond: rate, burst: burst)
  }
}
