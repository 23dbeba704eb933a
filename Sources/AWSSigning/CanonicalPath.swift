// SPDX-License-Identifier: Apache-2.0

/// The path of one request as SigV4 hashes it: dot segments and empty segments removed, then
/// percent-encoded once more, `%` included. What goes on the wire stays as it is.
/// Source: AWS General Reference, "Create a canonical request", step 2.
enum CanonicalPath {
  /// Appends the canonical form of `target[0..<end]`. The caller has seen that it begins with `/`.
  static func append(_ target: Span<UInt8>, end: Int, to buffer: inout [UInt8]) {
    let root = buffer.count
    var start = 0
    while start < end {
      // `start` is at a slash, or at the beginning of the path.
      let segment = target[start] == UInt8(ascii: "/") ? start + 1 : start
      var segmentEnd = segment
      while segmentEnd < end, target[segmentEnd] != UInt8(ascii: "/") { segmentEnd += 1 }
      self.appendSegment(target, segment..<segmentEnd, root: root, to: &buffer)
      start = segmentEnd
    }
    let endsWithSlash = end > 0 && target[end - 1] == UInt8(ascii: "/")
    if buffer.count == root || endsWithSlash { buffer.append(UInt8(ascii: "/")) }
  }

  private static func appendSegment(
    _ target: Span<UInt8>, _ range: Range<Int>, root: Int, to buffer: inout [UInt8]
  ) {
    switch range.count {
    case 0:
      return
    case 1 where target[range.lowerBound] == UInt8(ascii: "."):
      return
    case 2
    where target[range.lowerBound] == UInt8(ascii: ".")
      && target[range.lowerBound + 1] == UInt8(ascii: "."):
      self.removeLastSegment(root: root, from: &buffer)
    default:
      buffer.append(addingCapacity: 1 + 3 * range.count) { output in
        output.append(UInt8(ascii: "/"))
        for index in range { PercentEncoding.append(target[index], to: &output) }
      }
    }
  }

  /// Slashes inside a segment are encoded by now, so the last one begins the last segment.
  private static func removeLastSegment(root: Int, from buffer: inout [UInt8]) {
    while buffer.count > root {
      if buffer.removeLast() == UInt8(ascii: "/") { return }
    }
  }
}
