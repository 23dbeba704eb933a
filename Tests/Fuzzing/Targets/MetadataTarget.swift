// SPDX-License-Identifier: Apache-2.0

import GRPCWire

/// Lines: method, content type, te, encoding, accepted encodings, timeout, path, binary value; a
/// line that begins with `!` is a field that is missing. The rest is a status message.
enum MetadataTarget {
  static func run(_ bytes: [UInt8]) throws(BrokenClaim) {
    var input = InputReader(bytes)
    var fields = RequestHeadFields()
    fields.method = Self.field(input.line())
    fields.contentType = Self.field(input.line())
    fields.te = Self.field(input.line())
    fields.encoding = Self.field(input.line())
    fields.acceptEncoding = Self.field(input.line())
    fields.timeout = Self.field(input.line())
    fields.path = Self.field(input.line())
    let binary = input.line()

    switch RequestHead.read(fields) {
    case .accept(let head):
      try claim(head.path == fields.path, "an accepted path is the path that was sent")
      try claim((head.timeout == nil) == (fields.timeout == nil), "a timeout is not lost")
      try claim(head.timeout.map { $0 <= GRPCTimeout.greatest } ?? true, "a timeout is bounded")
      try claim(fields.method.map { Array($0) } == Array("POST".utf8), "a call is a POST")
    default: break
    }
    try Self.checkTimeout(fields.timeout ?? [])
    try claim(
      BinaryMetadata.isValid(binary.span) == Self.isBase64List(binary),
      "binary metadata is a list of base64")
    try Self.checkMessage(input.rest)
  }

  private static func field(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    line.first == UInt8(ascii: "!") ? nil : line
  }

  /// The form that PROTOCOL-HTTP2.md gives, read in the plainest way.
  private static func checkTimeout(_ value: ArraySlice<UInt8>) throws(BrokenClaim) {
    let isOfForm =
      2...9 ~= value.count && value.dropLast().allSatisfy { 0x30...0x39 ~= $0 }
      && value.last.map { "HMSmun".utf8.contains($0) } == true
    let timeout = GRPCTimeout.parse(value.span)
    try claim((timeout != nil) == isOfForm, "a timeout is 1 to 8 digits and a unit")
    try claim(timeout.map { $0 >= .zero } ?? true, "a timeout is not negative")
  }

  private static func isBase64List(_ value: ArraySlice<UInt8>) -> Bool {
    value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).allSatisfy { part in
      let letters = part.prefix { $0 != UInt8(ascii: "=") }
      let padding = part.count - letters.count
      let alphabet = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
      let fills = padding == 0 || padding < 3 && part.count % 4 == 0
      return letters.allSatisfy(alphabet.contains) && letters.count % 4 != 1 && fills
        && part.dropFirst(letters.count).allSatisfy { $0 == UInt8(ascii: "=") }
    }
  }

  private static func checkMessage(_ bytes: ArraySlice<UInt8>) throws(BrokenClaim) {
    let text = String(decoding: bytes, as: UTF8.self)
    let encoded = PercentEncoding.encode(text, limitBytes: .max)
    try claim(encoded.allSatisfy { 0x20...0x7E ~= $0 }, "an encoded message is printable")
    try claim(
      encoded.first != 0x20 && encoded.last != 0x20, "an encoded message has no space at its ends")
    try claim(Self.decoded(encoded) == Array(text.utf8), "an encoded message decodes to itself")

    let limit = bytes.count / 2
    let cut = PercentEncoding.prefix(of: text, encodedLimitBytes: limit)
    try claim(text.utf8.starts(with: cut.utf8), "a message is cut at its end")
    // Spaces at the ends take two bytes more each.
    try claim(
      PercentEncoding.encode(cut, limitBytes: .max).count <= limit + 4, "a cut message fits")
  }

  private static func decoded(_ encoded: [UInt8]) -> [UInt8] {
    var rest = encoded[...]
    var bytes: [UInt8] = []
    while let byte = rest.popFirst() {
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      if byte == UInt8(ascii: "%"), let value = UInt8(digits, radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }
}
