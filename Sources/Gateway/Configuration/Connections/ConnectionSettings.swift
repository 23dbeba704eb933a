// SPDX-License-Identifier: Apache-2.0

/// How long callers' connections may wait and live, and what they may hold, each with its default and
/// its reason.
enum ConnectionSettings {
  static let connections = Setting<Int>.count(
    "connection-limit",
    help: "gRPC connections open at a time, over all listeners; fewer if the process has not the "
      + "file descriptors.", in: 1...100_000, fallback: 10_000)

  static let streams = Setting<Int>.count(
    "stream-limit", help: "Calls at a time on one gRPC connection.", in: 1...10_000,
    fallback: 256)

  /// A thousand of the greatest requests, in a small part of what a container usually has.
  static let memory = Setting<Int>.bytes(
    "memory-limit-bytes",
    help: "What requests and unsent answers of all callers may take together; a call beyond is "
      + "UNAVAILABLE, with a time to come back.",
    in: 1_048_576...68_719_476_736, fallback: 67_108_864)

  static let connectionMemory = Setting<Int>.bytes(
    "connection-memory-limit-bytes",
    help: "The same for one connection, so that one caller cannot use up what is there for all.",
    in: 65_536...68_719_476_736, fallback: 16_777_216)

  static let frameTimeout = Setting<Duration>.duration(
    "frame-timeout",
    help: "How long a caller may take from the first byte of an HTTP/2 frame, or of a call's "
      + "headers, to the last.", fallback: "10s")

  static let requestTimeout = Setting<Duration>.duration(
    "request-timeout", help: "How long a call's message may take to come in.", fallback: "30s")

  static let writeTimeout = Setting<Duration>.duration(
    "write-timeout",
    help: "How long a caller may take no byte of its answers before its connection is closed. "
      + "One that is left lying among others ends after twice that.",
    fallback: "30s")

  /// gRPC's own clients give up an idle connection after half an hour.
  static let idleTimeout = Self.orNever(
    "connection-idle-timeout",
    help: "Connections without a call for so long are closed; 0s for never.", fallback: "1h")

  static let keepaliveInterval = Self.orNever(
    "keepalive-interval",
    help: "A caller that is silent for so long is asked by PING whether it is there; 0s for never.",
    fallback: "10m")

  static let keepaliveTimeout = Setting<Duration>.duration(
    "keepalive-timeout", help: "How long it may take to answer.", fallback: "20s")

  /// gRFC A8 lets clients go down to ten seconds; half of it leaves room for clocks and queues.
  static let leastPingInterval = Self.orNever(
    "keepalive-least-interval",
    help: "A caller whose own PINGs come faster, with no answers between, is disconnected as "
      + "too_many_pings.", fallback: "5s")

  /// A sidecar's callers have nowhere else to go.
  static let maxAge = Self.orNever(
    "connection-max-age",
    help: "Connections take no more calls after so long, a tenth more or less, so that callers "
      + "spread over several gateways again; 0s for never.", fallback: "0s")

  static let maxAgeGrace = Setting<Duration>.duration(
    "connection-max-age-grace",
    help: "How long the calls on such a connection may take to finish.", fallback: "1m")

  static let section = SettingsSection(
    "Callers' connections",
    [
      SettingEntry(Self.connections), SettingEntry(Self.streams), SettingEntry(Self.memory),
      SettingEntry(Self.connectionMemory), SettingEntry(Self.frameTimeout),
      SettingEntry(Self.requestTimeout), SettingEntry(Self.writeTimeout),
      SettingEntry(Self.idleTimeout), SettingEntry(Self.keepaliveInterval),
      SettingEntry(Self.keepaliveTimeout), SettingEntry(Self.leastPingInterval),
      SettingEntry(Self.maxAge), SettingEntry(Self.maxAgeGrace),
    ])

  private static func orNever(
    _ name: String, help: String, fallback: String
  ) -> Setting<Duration> {
    .duration(name, help: help, atLeast: .zero, fallback: fallback)
  }
}
