// SPDX-License-Identifier: Apache-2.0

/// The query of one request, sorted by name, then by value, in byte order.
///
/// Pairs are taken as they stand on the wire and not encoded again: AWS's own client does so, and
/// our codec writes them in SigV4's encoding to begin with.
/// Source: AWS General Reference, "Create a canonical request", step 3.
struct CanonicalQuery {
  /// One pair's place in the target.
  struct Pair {
    var nameStart: Int
    var nameEnd: Int
    var valueStart: Int
    var valueEnd: Int
  }

  private(set) var pairs: [Pair] = []

  /// Finds the pairs in `target` from `start`, the place after the question mark.
  mutating func read(_ target: Span<UInt8>, from start: Int) {
    self.pairs.removeAll(keepingCapacity: true)
    guard start < target.count else { return }
    var nameStart = start
    var equals: Int?
    for index in start..<target.count {
      if target[index] == UInt8(ascii: "&") {
        self.append(nameStart, equals, end: index)
        nameStart = index + 1
        equals = nil
      } else if target[index] == UInt8(ascii: "="), equals == nil {
        equals = index
      }
    }
    // Behind a last `&` there is a pair too, of no name and no value.
    self.append(nameStart, equals, end: target.count)
  }

  private mutating func append(_ nameStart: Int, _ equals: Int?, end: Int) {
    self.pairs.append(
      Pair(
        nameStart: nameStart, nameEnd: equals ?? end, valueStart: equals.map { $0 + 1 } ?? end,
        valueEnd: end))
  }

  /// Appends the sorted pairs; a name without a value gets its `=`. `leftOut` names the parameter
  /// that carries the signature itself.
  mutating func append(
    from target: Span<UInt8>, leavingOut leftOut: String?, to buffer: inout [UInt8]
  ) {
    self.sort(in: target)
    var isFirst = true
    for pair in self.pairs {
      if let leftOut, Self.matches(target, pair.nameStart..<pair.nameEnd, leftOut) { continue }
      buffer.append(addingCapacity: pair.valueEnd - pair.nameStart + 2) { output in
        if !isFirst { output.append(UInt8(ascii: "&")) }
        for index in pair.nameStart..<pair.nameEnd { output.append(target[index]) }
        output.append(UInt8(ascii: "="))
        for index in pair.valueStart..<pair.valueEnd { output.append(target[index]) }
      }
      isFirst = false
    }
  }

  static func matches(_ target: Span<UInt8>, _ range: Range<Int>, _ text: String) -> Bool {
    guard range.count == text.utf8.count else { return false }
    var index = range.lowerBound
    for byte in text.utf8 {
      guard target[index] == byte else { return false }
      index += 1
    }
    return true
  }

  /// Insertion sort: a request of ours has two pairs, and a stranger's number is capped.
  private mutating func sort(in target: Span<UInt8>) {
    for next in self.pairs.indices.dropFirst() {
      let pair = self.pairs[next]
      var index = next
      while index > 0, Self.precedes(pair, self.pairs[index - 1], in: target) {
        self.pairs[index] = self.pairs[index - 1]
        index -= 1
      }
      self.pairs[index] = pair
    }
  }

  private static func precedes(_ left: Pair, _ right: Pair, in target: Span<UInt8>) -> Bool {
    let names = self.order(
      left.nameStart..<left.nameEnd, right.nameStart..<right.nameEnd, in: target)
    if names != 0 { return names < 0 }
    return self.order(
      left.valueStart..<left.valueEnd, right.valueStart..<right.valueEnd, in: target) < 0
  }

  /// Negative, zero or positive, as the left bytes come before, are equal to or come after.
  private static func order(_ left: Range<Int>, _ right: Range<Int>, in target: Span<UInt8>) -> Int
  {
    var (leftIndex, rightIndex) = (left.lowerBound, right.lowerBound)
    while leftIndex < left.upperBound, rightIndex < right.upperBound {
      let (leftByte, rightByte) = (target[leftIndex], target[rightIndex])
      if leftByte != rightByte { return Int(leftByte) - Int(rightByte) }
      leftIndex += 1
      rightIndex += 1
    }
    return left.count - right.count
  }
}
