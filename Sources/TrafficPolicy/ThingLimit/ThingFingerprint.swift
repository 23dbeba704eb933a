// SPDX-License-Identifier: Apache-2.0

/// The 64 bits that stand for a thing's name in the table of limits.
///
/// Two names with the same fingerprint share one bucket of each kind: together they get what one
/// may have, and nothing else happens. With n things in the table a given thing shares its bucket
/// with probability n / 2^64, and any two do with n² / 2^65: for 10 million things once in 370,000
/// such tables. Which names collide cannot be chosen from outside, since the fingerprint is keyed:
/// the standard library's SipHash with its key of the process, and with a number drawn here, because
/// that key is a constant when `SWIFT_DETERMINISTIC_HASHING` is set.
package struct ThingFingerprint: Sendable {
  private let compute: @Sendable (String) -> UInt64

  /// - Parameter compute: What takes the place of the keyed hash, in tests.
  package init(_ compute: @escaping @Sendable (String) -> UInt64) {
    self.compute = compute
  }

  /// A hash with a key of its own.
  package static func keyed() -> ThingFingerprint {
    var random = SystemRandomNumberGenerator()
    let key = random.next()
    return ThingFingerprint { name in
      var hasher = Hasher()
      hasher.combine(key)
      hasher.combine(name)
      return UInt64(bitPattern: Int64(hasher.finalize()))
    }
  }

  func callAsFunction(_ name: String) -> UInt64 { self.compute(name) }
}
