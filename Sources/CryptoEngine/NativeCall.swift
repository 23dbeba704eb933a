// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The one way to call what reports through OpenSSL's error queue.
///
/// The queue belongs to the thread, so an entry left behind would blame whoever looks next. Each
/// call starts with an empty queue and, if it fails, takes the queue along as a value.
enum NativeCall {
  /// Runs a step whose documented success is 1.
  static func run(
    _ function: StaticString, _ step: () -> CInt
  ) throws(CryptoError) {
    ERR_clear_error()
    guard step() == 1 else { throw self.takeError(function) }
  }

  /// Runs a step that answers with an object, or with null if it failed.
  static func make(
    _ function: StaticString, _ step: () -> OpaquePointer?
  ) throws(CryptoError) -> OpaquePointer {
    ERR_clear_error()
    guard let made = unsafe step() else { throw self.takeError(function) }
    return unsafe made
  }

  private static func takeError(_ function: StaticString) -> CryptoError {
    let first = ERR_get_error()
    // Null for a code without a text; else a string that lives as long as the library.
    let text = unsafe ERR_reason_error_string(first)
    let reason = if let text = unsafe text { unsafe String(cString: text) } else { "" }
    ERR_clear_error()
    return .native(function: function.description, code: UInt(first), reason: reason)
  }
}
