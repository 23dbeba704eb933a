// SPDX-License-Identifier: Apache-2.0

/// Who may connect to Unix sockets.
enum UnixSocketSettings {
  /// Whoever shares the group, as a sidecar's neighbours do; nobody else on the machine.
  static let mode = Setting<UInt16>(
    "unix-socket-mode",
    help: "Permissions of unix: listeners, in octal. Who may write may connect.",
    allowed: "three or four octal digits such as 0660", fallback: "0660"
  ) { text in
    // A number may have a sign, a mode has none.
    let isOctal = text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "7") ~= $0 }
    guard isOctal, 3...4 ~= text.utf8.count, let mode = UInt16(text, radix: 8), mode <= 0o777
    else { return nil }
    return mode
  }

  static let owner = Setting<SocketOwner>(
    "unix-socket-owner",
    help: "USER, USER:GROUP or :GROUP, by name or number, that unix: listeners are given to.",
    allowed: "USER, USER:GROUP or :GROUP"
  ) { SocketOwner($0) }
}

/// Whom a socket's file is given to, as somebody wrote it.
struct SocketOwner: Equatable, Sendable {
  var user: String?
  var group: String?

  /// Nil if it names neither.
  init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard 1...2 ~= parts.count, !text.utf8.contains(0) else { return nil }
    self.user = parts[0].isEmpty ? nil : parts[0]
    self.group = parts.count < 2 || parts[1].isEmpty ? nil : parts[1]
    if self.user == nil, self.group == nil { return nil }
  }
}
