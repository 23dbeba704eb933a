// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Whole files, read where it may block: at start, or off the event loops.
enum FileBytes {
  struct Failure: Error {
    var reason: String
  }

  /// Room for most files, so that a small one costs little whatever its limit.
  private static let firstBytes = 16_384

  /// - Throws: ``Failure`` when the file is missing, unreadable, or longer than the limit.
  static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.systemFailure() }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: min(limit + 1, Self.firstBytes))
    var length = 0
    while length <= limit {
      if length == bytes.count {
        bytes.append(contentsOf: repeatElement(0, count: min(length, limit + 1 - length)))
      }
      // The kernel writes at most what is left of the array.
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(descriptor, buffer.baseAddress! + length, buffer.count - length)
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw Self.systemFailure() }
      if count == 0 { break }
      length += count
    }
    guard length <= limit else { throw Failure(reason: "is longer than \(limit) bytes") }
    bytes.removeLast(bytes.count - length)
    return bytes
  }

  /// False for a pipe and its like, whose bytes are gone once they are read.
  static func canReadAgain(_ path: String) -> Bool {
    var status = stat()
    // A file that is gone may come again.
    return unsafe stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
  }

  private static func systemFailure() -> Failure {
    Failure(reason: unsafe String(cString: strerror(errno)))
  }
}
