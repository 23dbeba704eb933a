// SPDX-License-Identifier: Apache-2.0

/// The path of one request as SigV4 hashes it: dot segments and empty segments removed, then
/// percent-encoded once more, `%` included. What goes on the wire stays as it is.
/// Source: AWS General Reference, "Create a canonical request", step 2.
enum CanonicalPath {
  /// Appends the canonical form of the path that `target` begins with, and answers where it ends: at
  /// the first question mark, or with the target. The caller has seen that it begins with `/`.
  static func append(_ target: Span<UInt8>, to buffer: inout [UInt8]) -> Int {
    var end = target.count
    buffer.append(addingCapacity: 3 * target.count + 1) { output in
      // Where the slash before the present segment stands.
      var start = 0
      for index in target.indices {
        let byte = target[index]
        if byte == UInt8(ascii: "/") {
          self.normalize(segmentAt: start, of: &output)
          start = output.count
          output.append(byte)
        } else if byte == UInt8(ascii: "?") {
          end = index
          break
        } else {
          PercentEncoding.append(byte, to: &output)
        }
      }
      self.normalize(segmentAt: start, of: &output)
      let endsWithSlash = target[end - 1] == UInt8(ascii: "/")
      if output.isEmpty || endsWithSlash { output.append(UInt8(ascii: "/")) }
    }
    return end
  }

  /// Takes the last segment away if it is empty or a dot, and the one before as well if it is two
  /// dots. A slash within a segment is encoded, so any other begins one.
  private static func normalize(segmentAt start: Int, of output: inout OutputSpan<UInt8>) {
    let count = output.count - start - 1
    guard 0...2 ~= count else { return }
    for index in output.count - count..<output.count {
      guard output[index] == UInt8(ascii: ".") else { return }
    }
    output.removeLast(count + 1)
    guard count == 2 else { return }
    while !output.isEmpty, output.removeLast() != UInt8(ascii: "/") {}
  }
}
