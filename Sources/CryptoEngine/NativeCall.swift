// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The one way to call what succeeds or fails and reports through OpenSSL's error queue.
///
/// Each call starts with an empty queue and, if it fails, takes the queue along as a value.
enum NativeCall {
  /// Runs a step whose documented success is 1.
  static func run(
    _ function: StaticString, _ step: () -> CInt
  ) throws(CryptoError) {
    ErrorQueue.clear()
    guard step() == 1 else { throw self.failure(function) }
  }

  /// Runs a step that answers with an object, or with null if it failed.
  static func make(
    _ function: StaticString, _ step: () -> OpaquePointer?
  ) throws(CryptoError) -> OpaquePointer {
    ErrorQueue.clear()
    guard let made = unsafe step() else { throw self.failure(function) }
    return unsafe made
  }

  /// What the queue says after `function` has failed.
  static func failure(_ function: StaticString) -> CryptoError {
    let first = ErrorQueue.takeFirst()
    return .native(function: function.description, code: first.code, reason: first.text)
  }
}
