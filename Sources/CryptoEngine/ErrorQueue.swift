// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc

/// OpenSSL's error queue as values.
///
/// The queue belongs to the thread, so an entry left behind would blame whoever looks next. Whoever
/// calls what reports through it clears it before and takes everything out after a failure.
enum ErrorQueue {
  /// One entry: which library said what.
  struct Entry {
    var code: UInt
    var library: CInt
    var reason: CInt
    /// Empty if the library has no words for it.
    var text: String

    /// Whether libssl itself gave this as its reason, one of `SSL_R_…`.
    func isSSL(_ reason: CInt) -> Bool {
      self.library == ERR_LIB_SSL && self.reason == reason
    }
  }

  /// Empties the queue, which is empty nearly always: to look costs a tenth of clearing its sixteen
  /// places one by one.
  static func clear() {
    if ERR_peek_error() != 0 { ERR_clear_error() }
  }

  /// The first entry, which is the cause of those that follow; the queue is empty afterwards.
  static func takeFirst() -> Entry {
    defer { ERR_clear_error() }
    return self.entry(ERR_get_error())
  }

  /// All entries, the cause first. The library keeps sixteen at most.
  static func takeAll() -> [Entry] {
    var entries: [Entry] = []
    while true {
      let code = ERR_get_error()
      if code == 0 { return entries }
      entries.append(self.entry(code))
    }
  }

  private static func entry(_ code: CUnsignedLong) -> Entry {
    Entry(
      code: UInt(code), library: ERR_GET_LIB(code), reason: ERR_GET_REASON(code),
      text: self.text(of: code))
  }

  private static func text(of code: CUnsignedLong) -> String {
    // OpenSSL has no words for what the system refused: its reason is an errno then.
    if code != 0, ERR_GET_LIB(code) == ERR_LIB_SYS {
      return unsafe String(cString: strerror(ERR_GET_REASON(code)))
    }
    // Null for a code without a text; else a string that lives as long as the library.
    guard let text = unsafe ERR_reason_error_string(code) else { return "" }
    return unsafe String(cString: text)
  }
}
