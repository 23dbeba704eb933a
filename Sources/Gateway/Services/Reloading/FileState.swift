// SPDX-License-Identifier: Apache-2.0

/// What is known of files that may change: what is in force, what was refused, and what is new.
///
/// What is new counts once it has been seen twice in a row: whoever looks while a file is being
/// written would otherwise take half of it for the whole, and a certificate may come before its key.
struct FileState: Sendable {
  /// What a look at the files found.
  enum Sight: Equatable, Sendable {
    /// Digests, so that no secret is kept for the sake of comparing.
    case content([[UInt8]])
    case unreadable(FileRefusal)
  }

  enum OnSight: Equatable {
    /// As before.
    case unchanged
    /// Something is new. Look again soon.
    case unsettled
    /// Something is new and has settled: ask whether it can be used, and note the answer.
    case judge
    /// What is in force stands in the files again, after something else was refused.
    case mended
  }

  private var inForce: Sight
  private var refused: Sight?
  private var candidate: Sight?
  private var isAskedAgain = false

  /// - Parameter inForce: what was read and taken at the start.
  init(inForce: Sight) {
    self.inForce = inForce
  }

  /// The files do not hold what is in force.
  var isFailing: Bool { self.refused != nil }

  mutating func seen(_ sight: Sight) -> OnSight {
    if sight == self.inForce {
      (self.candidate, self.isAskedAgain) = (nil, false)
      guard self.refused != nil else { return .unchanged }
      self.refused = nil
      return .mended
    }
    if sight == self.refused {
      self.candidate = nil
      return self.isAskedAgain ? .judge : .unchanged
    }
    guard sight == self.candidate else {
      self.candidate = sight
      return .unsettled
    }
    self.candidate = nil
    return .judge
  }

  /// What was refused is to be judged once more: it may have been for something outside the files.
  mutating func askedAgain() {
    self.isAskedAgain = self.refused != nil
  }

  /// What was to be judged is used from now on.
  mutating func accepted(_ sight: Sight) {
    self.isAskedAgain = false
    self.inForce = sight
    self.refused = nil
  }

  /// What was to be judged cannot be used, and is not judged again as long as it stays and nobody
  /// asks.
  mutating func refused(_ sight: Sight) {
    self.isAskedAgain = false
    self.refused = sight
  }
}
