// SPDX-License-Identifier: Apache-2.0

package import CryptoEngine

/// Why a request was not signed. Each is the doing of this process or of its configuration: no
/// peer takes part in signing. No case carries a secret or a part of a request.
package enum SigningError: Error, Equatable, Sendable {
  case crypto(CryptoError)
  /// The target does not begin with `/`, or holds a byte that no request line can carry.
  case invalidTarget
  /// A header's name or value holds a byte that no header can carry.
  case invalidHeader(name: String)
  /// The access key id or the session token holds white space, control or non-ASCII bytes.
  case invalidCredential
  /// AWS takes 1 to 604,800 seconds.
  case expiryOutOfRange(seconds: Int64)
}
