// SPDX-License-Identifier: Apache-2.0

import CryptoEngine

/// The other side of ``RequestSigner``: tells whether a request was signed by a known key.
///
/// Like a signer it keeps buffers and keys, so it belongs to one owner and checks one request at a
/// time. Everything it reads comes from a stranger: sizes and counts are capped before any work.
package struct SignatureVerifier: ~Copyable {
  package struct Limits: Equatable, Sendable {
    /// Bytes of path and query.
    package var targetBytes = 16_384
    /// Headers in a request.
    package var headerCount = 100
    /// Bytes of all names and values.
    package var headerBytes = 32_768
    /// Names in a list of signed headers.
    package var signedHeaderCount = 50

    package init() {}
  }

  /// AWS's common-errors page allows 15 minutes either way.
  package static let defaultClockSkewSeconds: Int64 = 900

  /// - Parameters:
  ///   - credentials: who may sign. Of two with one access key id the last counts.
  ///   - region: the region that scopes must name; nil for any.
  ///   - clockSkewSeconds: how far a time stamp may lie from now, either way.
  package init(
    credentials: [Credential], region: String? = nil,
    clockSkewSeconds: Int64 = SignatureVerifier.defaultClockSkewSeconds,
    limits: Limits = Limits()
  ) throws(SigningError) {
  }

  /// Checks one request, signed in its headers or in its query.
  ///
  /// - Parameters:
  ///   - target: path and query exactly as they came in the request line.
  ///   - headers: all headers in the order they came, Host among them.
  ///   - body: the whole body.
  ///   - service: the signing name that the scope must hold: ``RequestSigner/jobsDataPlane`` or
  ///     ``RequestSigner/controlPlane``.
  package mutating func verify(
    method: String, target: String, headers: [(name: String, value: String)], body: Span<UInt8>,
    service: String, now: SigningTime
  ) -> SignatureVerdict {
    .refused(.internalFailure)
  }
}
