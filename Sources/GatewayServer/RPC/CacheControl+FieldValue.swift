// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// Reading `cache-control` of a request (RFC 9111 §5.2.1): a list of directives as RFC 9110 §5.6.1
/// writes them, such as `no-cache, max-age=5`.
///
/// Directives that nobody here knows are passed over, and so is what a known one has too much. What
/// makes no sense is read so that nobody gets an older answer than was meant.
extension CacheControl {
  /// Greater ages are taken for this one (RFC 9111 §1.2.2). Its nanoseconds fit an `Int64` still.
  static let greatestAgeSeconds: Int64 = 1 << 31

  /// Adds what one field line says to what the lines before it said (RFC 9110 §5.3).
  package mutating func add(fieldValue: ArraySlice<UInt8>) {
    var list = fieldValue
    while let directive = takeElement(of: &list) {
      let name = directive.prefix(while: isTokenByte)
      if isName(name, "no-cache") {
        self.noCache = true
      } else if isName(name, "only-if-cached") {
        self.onlyIfCached = true
      } else if isName(name, "max-age") {
        let age = Self.ageSeconds(directive.dropFirst(name.count)) ?? 0
        self.maxAgeSeconds = min(self.maxAgeSeconds ?? age, age)
      }
    }
  }

  /// Reads `=5` or `="5"`: senders write the former, and recipients take both (RFC 9111 §5.2).
  private static func ageSeconds(_ argument: ArraySlice<UInt8>) -> Int64? {
    guard argument.first == UInt8(ascii: "=") else { return nil }
    var digits = argument.dropFirst()
    if digits.count >= 2, digits.first == quotationMark, digits.last == quotationMark {
      digits = digits.dropFirst().dropLast()
    }
    guard !digits.isEmpty else { return nil }
    var seconds: Int64 = 0
    for digit in digits {
      guard (0x30...0x39).contains(digit) else { return nil }
      seconds = min(seconds * 10 + Int64(digit - 0x30), self.greatestAgeSeconds)
    }
    return seconds
  }
}

private let quotationMark = UInt8(ascii: "\"")

/// Takes the next element off a list, without the whitespace around it. A comma between quotation
/// marks parts nothing (RFC 9110 §5.6.4); marks without an end reach to the end of the list.
private func takeElement(of list: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
  let comma = UInt8(ascii: ",")
  list = list.drop { isWhitespace($0) || $0 == comma }
  guard !list.isEmpty else { return nil }
  var isQuoted = false
  var isEscaped = false
  var end = list.startIndex
  while end < list.endIndex, isQuoted || list[end] != comma {
    if isEscaped {
      isEscaped = false
    } else if list[end] == quotationMark {
      isQuoted.toggle()
    } else if list[end] == UInt8(ascii: "\\") {
      isEscaped = isQuoted
    }
    end += 1
  }
  let element = list[..<end]
  list = list[end...]
  let last = element.lastIndex { !isWhitespace($0) } ?? element.startIndex
  return element[...last]
}

/// Directives do not tell cases apart. `name` is in lower case.
private func isName(_ bytes: ArraySlice<UInt8>, _ name: String) -> Bool {
  bytes.elementsEqual(name.utf8) { byte, wanted in
    ((0x41...0x5A).contains(byte) ? byte | 0x20 : byte) == wanted
  }
}

/// What whitespace in lists is made of (RFC 9110 §5.6.3).
private func isWhitespace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

/// What names are made of (RFC 9110 §5.6.2).
private func isTokenByte(_ byte: UInt8) -> Bool {
  switch byte {
  case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
  default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}
