// SPDX-License-Identifier: Apache-2.0

/// Text that no log, error, metric or debugger summary may show.
///
/// Whatever holds a `Secret` may be printed, dumped and reflected: only ``text`` gives it away, so
/// each place that uses a secret can be found by that word.
package struct Secret: Hashable, Sendable {
  package let text: String

  package init(_ text: String) {
    self.text = text
  }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "<redacted>" }
  package var debugDescription: String { self.description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
