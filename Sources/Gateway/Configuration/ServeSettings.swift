// SPDX-License-Identifier: Apache-2.0

/// Everything that `serve` can be told of its callers, each with its default and its reason.
enum ServeSettings {
  static let adminListen = SharedSettings.address(
    "admin-listen", help: "Where /metrics, /livez and /readyz are served.",
    fallback: "127.0.0.1:9464")

  static let connections = Setting<Int>.count(
    "connection-limit", help: "gRPC connections open at a time, for each listener.",
    in: 1...100_000, fallback: 10_000)

  static let streams = Setting<Int>.count(
    "stream-limit", help: "Calls at a time on one gRPC connection.", in: 1...10_000,
    fallback: 256)
}
