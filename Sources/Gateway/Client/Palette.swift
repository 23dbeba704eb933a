// SPDX-License-Identifier: Apache-2.0

import Glibc
import JobsAPI

/// Colours, where there is somebody to see them.
struct Palette: Equatable {
  var isColoured: Bool

  static let plain = Palette(isColoured: false)

  /// For what is written to a descriptor: colours for a terminal only, and not for one that has none,
  /// nor for somebody who wants none (no-color.org).
  static func of(_ descriptor: CInt, _ environment: [String: String]) -> Palette {
    let wantsNone = !(environment["NO_COLOR"] ?? "").isEmpty
    let isTerminal = isatty(descriptor) == 1
    return Palette(isColoured: isTerminal && !wantsNone && environment["TERM"] != "dumb")
  }

  enum Colour: Int {
    case red = 31
    case green = 32
    case yellow = 33
    case cyan = 36
  }

  func paint(_ text: String, _ colour: Colour) -> String {
    self.isColoured ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
  }

  func strong(_ text: String) -> String {
    self.isColoured ? "\u{1B}[1m\(text)\u{1B}[0m" : text
  }

  func faint(_ text: String) -> String {
    self.isColoured ? "\u{1B}[2m\(text)\u{1B}[0m" : text
  }

  func status(_ status: JobExecutionStatus) -> String {
    let word = status.awsWord.shown
    return switch status {
    case .succeeded: self.paint(word, .green)
    case .failed, .timedOut, .rejected: self.paint(word, .red)
    case .inProgress: self.paint(word, .yellow)
    case .queued: self.paint(word, .cyan)
    case .removed, .canceled, .unrecognized: word
    }
  }
}

extension String {
  /// As a terminal may get it: what others wrote must not move the cursor or change colours, so
  /// control characters are spelled out, and so is what turns the direction of writing. Line ends stay
  /// if they are wanted.
  func shown(keepingLines: Bool) -> String {
    self.spelling({ Self.isUnsafe($0, keepingLines) }) { "\\u{\(String($0.value, radix: 16))}" }
  }

  /// JSON text as a terminal may get it. Its writer has escaped the controls of ASCII, and leaves
  /// others as they are; they stand in strings alone, where they may be spelled out (RFC 8259 §7).
  var shownInJSON: String {
    self.spelling({ Self.isUnsafe($0, true) }) { scalar in
      let digits = String(scalar.value, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
  }

  private func spelling(
    _ isUnsafe: (Unicode.Scalar) -> Bool, _ spelled: (Unicode.Scalar) -> String
  ) -> String {
    guard self.unicodeScalars.contains(where: isUnsafe) else { return self }
    var text = ""
    for scalar in self.unicodeScalars {
      if isUnsafe(scalar) { text += spelled(scalar) } else { text.unicodeScalars.append(scalar) }
    }
    return text
  }

  /// On one line.
  var shown: String { self.shown(keepingLines: false) }

  /// All of them lie below U+10000.
  private static func isUnsafe(_ scalar: Unicode.Scalar, _ keepingLines: Bool) -> Bool {
    switch scalar.value {
    case 0x0A, 0x09: !keepingLines
    case 0..<0x20, 0x7F...0x9F: true
    // Marks, embeddings and isolates of the Unicode Bidirectional Algorithm (UAX #9 §2), and ends of
    // lines and paragraphs.
    case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
