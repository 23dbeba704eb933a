// SPDX-License-Identifier: Apache-2.0

/// Why bytes could not be inflated or deflated.
package enum CompressionError: Error, Equatable, Sendable {
  /// Not the format, or its checksum does not match; or bytes follow its end. The sender's fault.
  case malformed
  /// The bytes end before the format does. The sender's fault.
  case truncated
  /// More would come out than is allowed. The sender's fault.
  case tooLarge(limitBytes: Int)
  /// zlib had no memory for its state.
  case outOfMemory
  /// A code that zlib does not document for what was asked of it.
  case native(code: Int32)

  /// - Parameter code: Of zlib, and neither `Z_OK` nor `Z_STREAM_END`.
  init(nativeCode code: Int32) {
    switch code {
    case NativeCode.dataError, NativeCode.needsDictionary: self = .malformed
    case NativeCode.memoryError: self = .outOfMemory
    default: self = .native(code: code)
    }
  }
}
