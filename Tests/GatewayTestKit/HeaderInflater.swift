// SPDX-License-Identifier: Apache-2.0

import CNGHTTP2

/// Reads the header blocks of responses as a client would, with one dynamic table a connection.
@safe
package final class HeaderInflater {
  private let native: OpaquePointer

  package init?() {
    var inflater: OpaquePointer?
    guard unsafe nghttp2_hd_inflate_new(&inflater) == 0, let inflater = unsafe inflater
    else { return nil }
    unsafe self.native = inflater
  }

  deinit {
    unsafe nghttp2_hd_inflate_del(self.native)
  }

  /// - Returns: The fields as `name: value`, or nil if the block is not valid HPACK.
  package func inflate(_ block: [UInt8]) -> [String]? {
    var fields: [String] = []
    var position = 0
    while true {
      var field = unsafe nghttp2_nv()
      var flags: Int32 = 0
      let count = unsafe block.withUnsafeBufferPointer { block in
        unsafe nghttp2_hd_inflate_hd2(
          self.native, &field, &flags, block.baseAddress.map { unsafe $0 + position },
          block.count - position, 1)
      }
      guard count >= 0 else { return nil }
      position += count
      if UInt32(flags) & NGHTTP2_HD_INFLATE_EMIT.rawValue != 0 {
        fields.append(
          unsafe self.text(field.name, field.namelen) + ": "
            + self.text(field.value, field.valuelen))
      }
      if UInt32(flags) & NGHTTP2_HD_INFLATE_FINAL.rawValue != 0 {
        unsafe nghttp2_hd_inflate_end_headers(self.native)
        return fields
      }
      if count == 0, UInt32(flags) & NGHTTP2_HD_INFLATE_EMIT.rawValue == 0 { return fields }
    }
  }

  private func text(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int) -> String {
    unsafe String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
  }
}
