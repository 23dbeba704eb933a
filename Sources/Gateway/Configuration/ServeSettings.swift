// SPDX-License-Identifier: Apache-2.0

/// Everything that `serve` can be told of its callers, each with its default and its reason.
enum ServeSettings {
  static let adminListen = SharedSettings.address(
    "admin-listen", help: "Where /metrics, /livez and /readyz are served.",
    fallback: "127.0.0.1:9464")
}
