// SPDX-License-Identifier: Apache-2.0

internal import CZlib

/// The answers of zlib that mean something here, as the plain numbers that its functions return.
enum NativeCode {
  static let ok = Int32(Z_OK)
  static let streamEnd = Int32(Z_STREAM_END)
  static let needsDictionary = Int32(Z_NEED_DICT)
  static let dataError = Int32(Z_DATA_ERROR)
  static let memoryError = Int32(Z_MEM_ERROR)
  /// No progress was possible: more input or more room is needed. Not an error.
  static let bufferError = Int32(Z_BUF_ERROR)
}
