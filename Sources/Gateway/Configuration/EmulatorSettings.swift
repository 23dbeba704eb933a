// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import RESTServer
import Transport

/// Everything that `emulator` can be told.
enum EmulatorSettings {
  static let listen = SharedSettings.address(
    "listen", help: "Where AWS's REST surface is served, over HTTP/1.1.",
    fallback: "127.0.0.1:8181")

  /// AWS's own example key, so that nothing that looks like a real one is ever printed.
  static let exampleCredentials = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

  static let credentials = Setting<[Credential]>(
    "credentials", help: "ID:SECRET that callers may sign with. Repeatable.",
    allowed: "ID:SECRET, with no blank, comma or colon in the id",
    fallback: Self.exampleCredentials, isSecret: true
  ) { text in
    let pairs = text.split(separator: ",", omittingEmptySubsequences: false).map(Self.credential)
    return pairs.contains { $0 == nil } ? nil : pairs.compactMap { $0 }
  }

  static let acceptUnsigned = Setting<Bool>.toggle(
    "accept-unsigned", help: "Check no signature, for tools that cannot sign.")

  static let seed = Setting(
    "seed", help: "JSON file of jobs to begin with, in CreateJob's spelling.",
    allowed: "the path of a file"
  ) { $0.isEmpty ? nil : $0 }

  static let manualClock = Setting(
    "manual-clock",
    help: "Start at this time, in seconds since 1970, and move only on POST /_emulator/clock.",
    allowed: "a whole number from 0 to 4102444800"
  ) { (text: String) -> Int64? in
    guard let seconds = Int64(text), 0...4_102_444_800 ~= seconds else { return nil }
    return seconds
  }

  static let errorForm = Setting<AWSError.Form>.choice(
    "error-form",
    help: "Where errors carry their name: the header x-amzn-ErrorType, the body's "
      + "__type, or both.", fallback: .header)

  static let latency = Setting<Duration>.duration(
    "fault-latency", help: "Wait so long before each operation of the data plane.",
    atLeast: .zero, fallback: "0ms")

  static let errorRate = Self.rate(
    "fault-error-rate", help: "Share of requests refused with 500, 503 or 429.")

  static let dropBeforeRate = Self.rate(
    "fault-drop-before-rate", help: "Share of connections dropped before the operation is applied.")

  static let dropAfterRate = Self.rate(
    "fault-drop-after-rate", help: "Share of connections dropped after the operation is applied.")

  static let throttle = Setting(
    "fault-throttle-per-second", help: "Requests a second before ThrottlingException.",
    allowed: "a number from 0.001 to 1000000"
  ) { (text: String) -> Double? in
    guard let rate = Double(text), 0.001...1_000_000 ~= rate else { return nil }
    return rate
  }

  private static func rate(_ name: String, help: String) -> Setting<Double> {
    Setting(name, help: help, allowed: "a number from 0 to 1", fallback: "0") { text in
      guard let rate = Double(text), 0...1 ~= rate else { return nil }
      return rate
    }
  }

  private static func credential(_ text: Substring) -> Credential? {
    guard let colon = text.firstIndex(of: ":") else { return nil }
    let (id, secret) = (text[..<colon], text[text.index(after: colon)...])
    let isPrintable = text.utf8.allSatisfy { 0x21...0x7E ~= $0 }
    guard !id.isEmpty, !secret.isEmpty, isPrintable, !id.contains("/") else { return nil }
    return Credential(accessKeyID: String(id), secretAccessKey: String(secret))
  }
}
