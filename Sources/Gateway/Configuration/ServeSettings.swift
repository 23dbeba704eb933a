// SPDX-License-Identifier: Apache-2.0

import Transport

/// Everything that `serve` can be told of its callers, each with its default and its reason.
enum ServeSettings {
  static let adminListen = SharedSettings.address(
    "admin-listen", help: "Where /metrics, /livez and /readyz are served.",
    fallback: "127.0.0.1:9464")

  /// It shows names of things and changes the log level, so it is not for other machines.
  static let operatorListen = Setting<ListenAddress>(
    "operator-listen",
    help: "Where the operator's page is served, with the configuration, the log level and what the "
      + "policies and pools hold: on this machine alone. Without it, nowhere.",
    allowed: "a loopback ADDRESS:PORT or unix:PATH"
  ) { text in
    guard let address = try? ListenAddress(text), address.isLoopback else { return nil }
    return address
  }
}
