// SPDX-License-Identifier: Apache-2.0

package import Transport

package import AWSConfiguration

/// How AWS is called, the same in every event loop.
package struct UpstreamConfiguration: Equatable, Sendable {
  package var endpoint: HTTPURL
  /// The region of the signature.
  package var region: String
  package var userAgent = "iot-jobs-gateway"
  /// For the lookup of the name and the connect to one of its addresses together, and once more for a
  /// proxy's answer.
  package var connectTimeout: Duration = .seconds(5)
  /// For the TLS handshake on a connection that is up.
  package var handshakeTimeout: Duration = .seconds(5)
  /// From the request to the first byte of its response. AWS answers within a fraction of a second;
  /// half of an attempt's time leaves room for the rest of a slow answer.
  package var firstByteTimeout: Duration = .seconds(15)
  /// For one attempt in all, from the wait for a connection to the end of the response. The caller's
  /// deadline may cut it shorter.
  package var attemptTimeout: Duration = .seconds(30)
  /// Nil for none.
  package var keepalive: TCPKeepalive? = TCPKeepalive()
  /// Of each event loop.
  package var pool = PoolState.Limits()
  /// The limit on a response's body; AWS's longest is a job document of 32 KiB and its frame.
  package var maxBodyBytes = 1024 * 1024

  package init(endpoint: HTTPURL, region: String) {
    self.endpoint = endpoint
    self.region = region
  }
}
