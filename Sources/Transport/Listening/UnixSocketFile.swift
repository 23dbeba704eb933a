// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// Who may connect to a Unix socket: on Linux, whoever may write to its file (unix(7)).
package struct UnixSocketAccess: Equatable, Sendable {
  /// The file's permission bits.
  package var mode: UInt16
  /// Nil leaves the process's own.
  package var uid: UInt32?
  package var gid: UInt32?

  /// The default is the process's own user and group.
  package init(mode: UInt16 = 0o660, uid: UInt32? = nil, gid: UInt32? = nil) {
    self.mode = mode
    self.uid = uid
    self.gid = gid
  }
}

/// The file of a Unix socket that this process has made.
struct UnixSocketFile: Equatable, Sendable {
  let path: String
  /// What tells this file from another of the same name.
  private let device: UInt64
  private let inode: UInt64

  /// Makes a socket and binds it to a path, where nobody can connect to it yet: that needs a listener,
  /// and by then the file belongs to whom it should.
  ///
  /// A socket's file that is there already is replaced; that nobody serves it is for the caller to
  /// find out. Any other file stays.
  /// - Returns: The socket too, which is the caller's.
  static func bind(
    _ path: String, _ access: UnixSocketAccess
  ) throws(IOError) -> (socket: CInt, file: UnixSocketFile) {
    if let found = Self.status(of: path) {
      guard found.st_mode & S_IFMT == S_IFSOCK else {
        throw IOError(errnoCode: EEXIST, reason: "bind")
      }
      // Here as below, the path is lent for the call.
      try unsafe Self.check("unlink", unlink(path))
    }
    let socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    try Self.check("socket", socket)
    var isMade = false
    do throws(IOError) {
      try Self.bind(socket, path)
      isMade = true
      // Giving it away first: whoever owns it afterwards finds the mode that was meant for them.
      try unsafe Self.check(
        "chown", lchown(path, access.uid ?? uid_t.max, access.gid ?? gid_t.max))
      try unsafe Self.check("chmod", chmod(path, mode_t(access.mode)))
      guard let made = Self.status(of: path) else {
        throw IOError(errnoCode: errno, reason: "lstat")
      }
      let file = UnixSocketFile(path: path, device: UInt64(made.st_dev), inode: UInt64(made.st_ino))
      return (socket, file)
    } catch {
      close(socket)
      // The path is lent for the call.
      if isMade { unsafe _ = unlink(path) }
      throw error
    }
  }

  /// Takes the file away, unless another process has put its own there since.
  func remove() {
    guard let found = Self.status(of: self.path),
      UInt64(found.st_dev) == self.device, UInt64(found.st_ino) == self.inode
    else { return }
    // The path is lent for the call.
    unsafe _ = unlink(self.path)
  }

  private init(path: String, device: UInt64, inode: UInt64) {
    self.path = path
    self.device = device
    self.inode = inode
  }

  private static func bind(_ socket: CInt, _ path: String) throws(IOError) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let capacity = MemoryLayout.size(ofValue: address.sun_path)
    guard bytes.count < capacity else { throw IOError(errnoCode: ENAMETOOLONG, reason: "bind") }
    // The rest stays zero, so the path ends within the array.
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    let result = unsafe withUnsafePointer(to: &address) { address in
      // A sockaddr_un is one kind of sockaddr, as its family says.
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try Self.check("bind", result)
  }

  private static func status(of path: String) -> stat? {
    var status = stat()
    // The path is lent for the call, which fills a status of its own kind.
    return unsafe lstat(path, &status) == 0 ? status : nil
  }

  private static func check(_ call: StaticString, _ result: CInt) throws(IOError) {
    guard result >= 0 else { throw IOError(errnoCode: errno, reason: "\(call)") }
  }
}
