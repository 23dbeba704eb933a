// SPDX-License-Identifier: Apache-2.0

/// Why a step in libcrypto did not happen.
///
/// It is never a peer's doing: memory ran out, or the provider has no such algorithm or has
/// declared itself broken, as a FIPS provider may at any call.
package enum CryptoError: Error, Equatable, Sendable {
  /// OpenSSL refused. `code` is the first entry of its error queue (0: it left none) and `reason`
  /// that entry's text.
  case native(function: String, code: UInt, reason: String)
}
