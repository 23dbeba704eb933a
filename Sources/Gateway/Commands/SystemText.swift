// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Plain words for a person, outside of the log.
enum StandardError {
  static func write(_ text: String) {
    writePlainly(text, to: STDERR_FILENO)
  }
}

/// What a command was run to say.
enum StandardOutput {
  static func write(_ text: String) {
    writePlainly(text, to: STDOUT_FILENO)
  }
}

/// At once: nothing is kept for later.
private func writePlainly(_ text: String, to descriptor: CInt) {
  let bytes = Array(text.utf8)
  unsafe bytes.withUnsafeBytes { buffer in
    _ = unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
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
