// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not one of our request messages. Each case is the caller's fault.
package enum WireError: Error, Equatable, Sendable {
  /// Not the encoding of the message: cut short, a wrong wire type, a group.
  case malformed
  /// Decoding it would take more memory than is allowed; the limit is in bytes.
  case tooComplex(limit: Int)
  /// A message, but its fields break constraints (text that is not UTF-8 among them).
  case invalid([FieldViolation])
}
