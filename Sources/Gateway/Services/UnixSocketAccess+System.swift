// SPDX-License-Identifier: Apache-2.0

import Glibc
import Transport

extension UnixSocketAccess {
  /// Looks users and groups up in the system's tables; blocks while it does.
  init(_ configuration: ListenConfiguration) throws(ConfigurationError) {
    self.init(mode: configuration.unixMode)
    guard let owner = configuration.unixOwner else { return }
    if let user = owner.user { self.uid = try Self.uid(of: user) }
    if let group = owner.group { self.gid = try Self.gid(of: group) }
  }

  private static func uid(of user: String) throws(ConfigurationError) -> UInt32 {
    if let number = UInt32(user), number < .max { return number }
    // It points to memory that the next lookup uses again; nobody else looks up at the start.
    guard let entry = unsafe getpwnam(user) else {
      throw .refused("--unix-socket-owner: there is no user \"\(user)\"")
    }
    return unsafe entry.pointee.pw_uid
  }

  private static func gid(of group: String) throws(ConfigurationError) -> UInt32 {
    if let number = UInt32(group), number < .max { return number }
    // The same holds.
    guard let entry = unsafe getgrnam(group) else {
      throw .refused("--unix-socket-owner: there is no group \"\(group)\"")
    }
    return unsafe entry.pointee.gr_gid
  }
}
