// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

/// Plain words for a person, outside of the log.
enum StandardError {
  static func write(_ text: String) {
    _ = writePlainly(text, to: STDERR_FILENO)
  }
}

/// What a command was run to say.
enum StandardOutput {
  static func write(_ text: String) {
    _ = writePlainly(text, to: STDOUT_FILENO)
  }

  /// For what was asked for and must arrive: a full disk or a closed pipe is said and ends the
  /// program, with EX_IOERR of sysexits(3).
  static func deliver(_ text: String) throws {
    guard let failure = writePlainly(text, to: STDOUT_FILENO) else { return }
    let reason = unsafe String(cString: strerror(failure))
    StandardError.write("error: the answer cannot be written: \(reason)\n")
    throw ExitCode(74)
  }
}

/// At once, and all of it: nothing is kept for later.
///
/// - Returns: why the rest cannot be written, from write(2); nil if there is none.
private func writePlainly(_ text: String, to descriptor: CInt) -> CInt? {
  let bytes = Array(text.utf8)
  return unsafe bytes.withUnsafeBytes { buffer in
    var written = 0
    while written < buffer.count {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
      let count = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count >= 0 {
        written += count
      } else if errno == EAGAIN {
        // Whoever shares the descriptor has made it one that does not wait.
        var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&room, 1, -1)
      } else if errno != EINTR {
        return errno
      }
    }
    return nil
  }
}

enum Environment {
  /// The process's environment, read once at start, before any thread exists that could change it.
  static var variables: [String: String] {
    var variables: [String: String] = [:]
    var entry = unsafe environ
    while let text = unsafe entry.pointee {
      let pair = unsafe String(cString: text)
      if let equals = pair.firstIndex(of: "=") {
        variables[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
      }
      unsafe entry += 1
    }
    return variables
  }
}
