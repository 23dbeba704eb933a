// SPDX-License-Identifier: Apache-2.0

/// How long an answer may be given again. Nanoseconds on ``PolicyClock``'s scale; each "until" names
/// the first instant at which it no longer holds.
package struct Lifetime: Equatable, Sendable {
  /// Until then the answer is as good as a new one.
  package var freshUntil: Int64
  /// Until then it may be given while a new one is fetched. Not before `freshUntil`.
  package var revalidateUntil: Int64
  /// Until then it may be given when AWS cannot be asked. Not before `freshUntil`.
  package var errorUntil: Int64

  package init(freshUntil: Int64, revalidateUntil: Int64? = nil, errorUntil: Int64? = nil) {
    self.freshUntil = freshUntil
    self.revalidateUntil = revalidateUntil ?? freshUntil
    self.errorUntil = errorUntil ?? freshUntil
  }

  /// When the answer is of no use to anyone any more.
  package var end: Int64 { max(self.freshUntil, self.revalidateUntil, self.errorUntil) }
}
