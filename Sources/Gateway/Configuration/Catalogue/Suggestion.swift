// SPDX-License-Identifier: Apache-2.0

/// What somebody most likely meant who wrote a word that is not known.
enum Suggestion {
  /// No word that is known is longer; what is longer is no slip of the pen.
  private static let lengthLimit = 64

  /// The one known word that the unknown one is a slip of, or the end of; nil if that is not plain.
  ///
  /// Capitals and underscores do not count: in files of other programs they are the custom.
  static func nearest(to word: String, among known: some Sequence<String>) -> String? {
    let written = Self.normal(word)
    guard 1...Self.lengthLimit ~= written.count else { return nil }
    // A third of the letters may be wrong, and three at the most.
    let tolerance = min(3, max(1, written.count / 3))
    var best: (word: String, distance: Int)?
    for candidate in known.sorted() {
      let letters = Self.normal(candidate)
      guard abs(letters.count - written.count) <= tolerance else { continue }
      let distance = Self.distance(written, letters)
      if distance <= tolerance, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.word ?? Self.onlyEnding(word, among: known)
  }

  /// `endpoint` for `upstream-endpoint`, if no other word ends so.
  private static func onlyEnding(_ word: String, among known: some Sequence<String>) -> String? {
    let found = known.filter { $0.hasSuffix("-\(word.lowercased())") }
    return found.count == 1 ? found[0] : nil
  }

  private static func normal(_ word: String) -> [UInt8] {
    word.lowercased().utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
  }

  /// Letters to insert, to leave out, to exchange, or to swap with their neighbour (the optimal
  /// string alignment of Damerau and Levenshtein), by rows.
  static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...other.count)
    for (row, letter) in one.enumerated() {
      var next = [row + 1]
      for (column, opposite) in other.enumerated() {
        var least = min(
          last[column] + (letter == opposite ? 0 : 1), last[column + 1] + 1, next[column] + 1)
        if row > 0, column > 0, letter == other[column - 1], one[row - 1] == opposite {
          least = min(least, beforeLast[column - 1] + 1)
        }
        next.append(least)
      }
      (beforeLast, last) = (last, next)
    }
    return last[other.count]
  }
}
